/** How a repetition came out. `failed`: it did not end well, so that there is nothing to compare. */
export type ReproductionOutcome = 'identical' | 'within_noise' | 'different' | 'failed'

/** One split's predictions, of the run and of its repetition. */
export interface SplitComparison {
  split: string
  /** `rows`: the same rows in another order. */
  same: 'bytes' | 'rows' | 'no' | 'missing'
  /** Rows whose prediction is another, where both files are here. */
  rows_different?: number
  rows?: number
}

/** One number of the run and of its repetition, and how far apart chance alone puts two such numbers. */
export interface MetricComparison {
  name: string
  /** `reported` numbers are set beside each other only where nothing could be measured. */
  split: string
  was: number
  is: number
  /** Highest less lowest value that repeated seeds of the experiment showed, the run itself among them. */
  seed_range?: number
  /** So many runs showed it. */
  seeds?: number
  /** 95 %, of the paired difference on the same rows (is - was). */
  ci?: [number, number]
  within: boolean
}

export type ReproductionBasis = 'predictions' | 'seeds' | 'paired' | 'reported' | 'none'

export interface ReproductionFacts {
  succeeded: boolean
  splits: readonly SplitComparison[]
  metrics: readonly MetricComparison[]
}

/** Fewer runs say nothing of a spread. */
export const FEWEST_SEEDS = 3

/**
 * The outcome of a repetition; pure.
 *
 * `identical`: every file of predictions holds the same bytes, or the same rows in another order; of a run that handed
 * in none, every number that it reported is the same.
 * `within_noise`: predictions differ, and each measured number that counts differs by no more than chance is seen to
 * make it: than the range over repeated seeds of the experiment (three runs at least), else so little that the 95 %
 * interval of the paired difference on the same rows holds zero. That is no proof that they are equal.
 */
export function judgeReproduction(facts: ReproductionFacts): {
  outcome: ReproductionOutcome
  basis: ReproductionBasis
} {
  const { succeeded, splits, metrics } = facts
  if (!succeeded) return { outcome: 'failed', basis: 'none' }
  if (splits.length > 0 && splits.every(({ same }) => same === 'bytes' || same === 'rows'))
    return { outcome: 'identical', basis: 'predictions' }
  if (splits.length === 0) {
    const same = metrics.length > 0 && metrics.every(({ was, is }) => Object.is(was, is))
    return { outcome: same ? 'identical' : 'different', basis: 'reported' }
  }
  const basis = metrics.some(({ seed_range }) => seed_range !== undefined) ? 'seeds' : 'paired'
  const within = metrics.length > 0 && metrics.every((metric) => metric.within)
  // What was handed in then and is not now is no noise.
  if (within && splits.every(({ same }) => same !== 'missing')) return { outcome: 'within_noise', basis }
  return { outcome: 'different', basis: metrics.length > 0 ? basis : 'predictions' }
}

/** @returns highest less lowest; `undefined` where there are too few values. */
export function rangeOf(values: readonly number[]): number | undefined {
  return values.length < FEWEST_SEEDS ? undefined : Math.max(...values) - Math.min(...values)
}

/** Whether two numbers are as near as chance puts them, by what there is to say so. */
export function isWithin(
  was: number,
  is: number,
  noise: Pick<MetricComparison, 'seed_range' | 'ci'>,
): boolean {
  if (Object.is(was, is)) return true
  if (noise.seed_range !== undefined) return Math.abs(is - was) <= noise.seed_range
  return noise.ci !== undefined && noise.ci[0] <= 0 && noise.ci[1] >= 0
}
