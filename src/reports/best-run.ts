import { isJudgeable } from '../core/judgeability.ts'
import { findMeasured, type Measurement, type Split } from '../core/measurement.ts'
import type { Direction } from '../core/metrics.ts'
import type { RunSummary } from '../core/run-summary.ts'
import { chooseOverSeeds } from '../core/seed-choice.ts'

/** The figure by which the runs of an increment are ranked. */
export interface Ranking {
  metric: string
  direction: Direction
}

export type MeasuredNumber = Measurement & { value: number }

export function measuredOn(run: RunSummary, metric: string, split: Split): MeasuredNumber | undefined {
  return findMeasured(run.metrics, metric, split)
}

/**
 * Runs from best to worst by the measured validation value; those without one come last, in the order of their creation.
 * Equal values: the earlier run first, which needed fewer tries.
 * @param means by which runs stand that have no value of their own: those that gather seeds.
 */
export function rankRuns(
  runs: readonly RunSummary[],
  { metric, direction }: Ranking,
  means: ReadonlyMap<string, { mean: number } | undefined> = new Map(),
): RunSummary[] {
  const sign = direction === 'maximize' ? -1 : 1
  const key = (run: RunSummary) => {
    const value = measuredOn(run, metric, 'validation')?.value ?? means.get(run.run)?.mean
    return value === undefined || Number.isNaN(value) ? Number.POSITIVE_INFINITY : sign * value
  }
  return [...runs].sort(
    (a, b) =>
      compareNumbers(key(a), key(b)) || compareText(a.created, b.created) || compareText(a.run, b.run),
  )
}

/**
 * The best succeeded run that is judgeable and not a baseline of the lab, by measured validation. An experiment of several
 * seeds stands by its mean, and its first seed for it.
 */
export function bestRun(runs: readonly RunSummary[], ranking: Ranking): RunSummary | undefined {
  const scored = runs.filter(isContender).flatMap((run) => {
    const value = measuredOn(run, ranking.metric, 'validation')?.value
    return value === undefined || Number.isNaN(value) ? [] : [{ run, value }]
  })
  return chooseOverSeeds(scored, ranking.direction)?.run
}

/** The best baseline of the lab, by measured validation. */
export function bestBaseline(runs: readonly RunSummary[], ranking: Ranking): RunSummary | undefined {
  const baselines = runs.filter(({ baseline, state }) => baseline !== undefined && state === 'succeeded')
  return rankRuns(baselines, ranking).find((run) => measuredOn(run, ranking.metric, 'validation'))
}

export function isContender(run: RunSummary): boolean {
  return run.state === 'succeeded' && run.baseline === undefined && isJudgeable(run)
}

function compareNumbers(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
