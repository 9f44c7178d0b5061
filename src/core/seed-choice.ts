import type { Direction } from './metrics.ts'

interface Made {
  run: string
  created: string
}

/** A run with the number that it is chosen by. */
export interface Scored<R extends Made> {
  run: R
  value: number
}

/** Which run stands for the best experiment. */
export interface SeedChoice<R extends Made> extends Scored<R> {
  /** Of an experiment of several seeds. */
  over?: { experiment: string; seeds: number; mean: number; luckiest: Scored<R> }
}

/**
 * The best experiment, and the run that stands for it. Of one with several seeds the mean counts, and its first seed stands
 * for it: which seed that is was settled before anything was measured, while the seed that came out best is the luckiest
 * draw, whose number is too good on validation and promises nothing on test.
 * @param scored runs of which each may be chosen. Of equal ones the earlier: a later one that only repeats it is no better.
 */
export function chooseOverSeeds<R extends Made>(
  scored: readonly Scored<R>[],
  direction: Direction,
): SeedChoice<R> | undefined {
  const sign = direction === 'maximize' ? -1 : 1
  const experiments = new Map<string, Scored<R>[]>()
  for (const one of [...scored].sort(byAge)) {
    const experiment = experimentOf(one.run.run)
    experiments.set(experiment, [...(experiments.get(experiment) ?? []), one])
  }
  const best = [...experiments]
    .map(([experiment, runs]) => ({ experiment, runs, mean: mean(runs) }))
    .sort((a, b) => (a.mean - b.mean) * sign || byAge(a.runs[0]!, b.runs[0]!))[0]
  const first = best?.runs[0]
  if (!best || !first) return undefined
  const { experiment, runs, mean: value } = best
  if (runs.length === 1) return first
  const luckiest = [...runs].sort((a, b) => (a.value - b.value) * sign)[0]!
  return { ...first, over: { experiment, seeds: runs.length, mean: value, luckiest } }
}

/** `0042/exp-003-forest` of `0042/exp-003-forest/s7`; else the run itself. */
function experimentOf(run: string): string {
  return /^(.+)\/s-?\d+$/.exec(run)?.[1] ?? run
}

/** Why the run is not the one with the best number; nothing where it is, or where its experiment has one seed. */
export function seedChoiceWords<R extends Made>(
  { run, value, over }: SeedChoice<R>,
  show: (value: number) => string,
): string | undefined {
  if (!over) return undefined
  const { experiment, seeds, mean, luckiest } = over
  const stands = `${experiment} has the best mean, ${show(mean)} over ${seeds} seeds; its first seed, ${run.run}, stands for it`
  if (luckiest.value === value) return stands
  return `${stands}. That ${luckiest.run.run} came out at ${show(luckiest.value)} is luck: the best of several seeds is chosen by chance`
}

function mean(runs: readonly { value: number }[]): number {
  const [first] = runs
  // Equal values are told apart by nothing, not by what is lost in adding them up.
  if (first && runs.every(({ value }) => value === first.value)) return first.value
  return runs.reduce((sum, { value }) => sum + value, 0) / runs.length
}

function byAge(a: { run: Made }, b: { run: Made }): number {
  if (a.run.created !== b.run.created) return a.run.created < b.run.created ? -1 : 1
  return a.run.run.localeCompare(b.run.run, 'en', { numeric: true })
}
