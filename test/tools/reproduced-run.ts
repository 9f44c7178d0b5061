import type { Product } from './product.ts'

/** What `reproduce_run` answers. */
export interface Reproduction {
  run: string
  reproduction: string
  state: string
  outcome?: string
  basis?: string
  splits?: { split: string; same: string; rows_different?: number }[]
  metrics?: { name: string; within: boolean; ci?: number[]; seed_range?: number; seeds?: number }[]
  differed?: { kind: string; name: string; was: string | null; is: string | null }[]
}

/** Repeats a run, and waits for what was found. */
export async function reproduced(
  product: Product,
  args: { run: string; again?: boolean },
): Promise<Reproduction> {
  let answer = await product.call<Reproduction>('reproduce_run', { wait_s: 40, ...args })
  // One that has ended is measured by the next call, where waiting took the time of this one.
  while (!answer.outcome)
    answer = await product.call<Reproduction>('reproduce_run', { run: args.run, wait_s: 40 })
  await product.settled()
  return answer
}
