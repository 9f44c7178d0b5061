import { isJudgeable } from '../core/judgeability.ts'
import type { Split } from '../core/measurement.ts'
import type { RunSummary } from '../core/run-summary.ts'
import { measuredOn } from './best-run.ts'
import { formatNumber } from './number-format.ts'

/** What an experiment's seeds measured together. */
export interface SeedMean {
  /** Seeds that were run, and of those the ones that have a measured value. */
  seeds: number
  measured: number
  mean: number
  /** Standard deviation over the measured seeds (n - 1); absent for one. */
  spread?: number
}

/**
 * By the run that only gathers them, what the seeds of each experiment measured. A seed that did not succeed, or that no
 * verdict may rest on, is in no mean.
 */
export function seedMeans(
  runs: readonly RunSummary[],
  metric: string,
  split: Split,
): ReadonlyMap<string, SeedMean | undefined> {
  return new Map(
    [...seededRuns(runs)].map(([parent, children]) => {
      const values = children.flatMap((run) =>
        run.state === 'succeeded' && isJudgeable(run) ? (measuredOn(run, metric, split)?.value ?? []) : [],
      )
      return [parent, meanOf(values, children.length)]
    }),
  )
}

/** The runs that gather seeds, each with its seeds: they run nothing themselves. */
export function seededRuns(runs: readonly RunSummary[]): Map<string, RunSummary[]> {
  const names = new Set(runs.map(({ run }) => run))
  const found = new Map<string, RunSummary[]>()
  for (const run of runs) {
    const parent = /^(.+)\/s-?\d+$/.exec(run.run)?.[1]
    if (parent !== undefined && names.has(parent)) found.set(parent, [...(found.get(parent) ?? []), run])
  }
  return found
}

/** Runs that ran something: without those that only gather seeds. */
export function singleRuns(runs: readonly RunSummary[]): RunSummary[] {
  const gathering = seededRuns(runs)
  return runs.filter(({ run }) => !gathering.has(run))
}

export function meanOf(values: readonly number[], seeds = values.length): SeedMean | undefined {
  const count = values.length
  if (count === 0) return undefined
  // Equal values are told apart by nothing, not by what is lost in adding them up.
  if (values.every((value) => value === values[0]))
    return { seeds, measured: count, mean: values[0]!, ...(count > 1 ? { spread: 0 } : {}) }
  const mean = values.reduce((sum, value) => sum + value, 0) / count
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return { seeds, measured: count, mean, ...(count > 1 ? { spread: Math.sqrt(squares / (count - 1)) } : {}) }
}

/** `mean 0.861, sd 0.004, of 4 seeds` */
export function seedMeanText({ seeds, measured, mean, spread }: SeedMean): string {
  const of = measured === seeds ? `of ${seeds} seeds` : `of ${measured} of its ${seeds} seeds`
  return `mean ${formatNumber(mean)}, ${spread === undefined ? 'no sd' : `sd ${formatNumber(spread)}`}, ${of}`
}
