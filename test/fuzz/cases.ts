import fc from 'fast-check'

/** Cases of each property: a hundred with a fixed seed in the test command; `npm run fuzz` asks for 2,000. */
export const CASES = Number(process.env.SPECWEAVE_FUZZ_CASES ?? 100)
export const SEED = Number(process.env.SPECWEAVE_FUZZ_SEED ?? 5)

/** A hang guard for a whole property: real processes answer every case. */
export const PROPERTY_MS = 120_000 + CASES * 3000

/** Tries a property; a failure names the seed, the path and the smallest case that was found. */
export async function holds<T>(
  arbitrary: fc.Arbitrary<T>,
  check: (value: T) => Promise<void> | void,
  options: { share?: number; examples?: T[] } = {},
): Promise<void> {
  await fc.assert(
    fc.asyncProperty(arbitrary, async (value) => {
      await check(value)
    }),
    {
      numRuns: Math.max(1, Math.round(CASES * (options.share ?? 1))),
      seed: SEED,
      examples: (options.examples ?? []).map((example): [T] => [example]),
      // A smaller case is worth some time, not all of it.
      interruptAfterTimeLimit: PROPERTY_MS - 30_000,
      markInterruptAsFailure: true,
    },
  )
}
