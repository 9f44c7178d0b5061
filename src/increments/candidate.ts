import type { Criterion } from '../core/criterion.ts'
import { isJudgeable } from '../core/judgeability.ts'
import { findMeasured } from '../core/measurement.ts'
import type { RunSummary } from '../core/run-summary.ts'
import { chooseOverSeeds, type SeedChoice } from '../core/seed-choice.ts'
import { directionOf, leadingMetric } from './criteria-set.ts'

export interface CandidateFacts {
  /** `ml.candidate` of the front matter. */
  named: string | null
  /** The run that the ledger shows the first look at the test set for: it is the one that is judged from then on. */
  firstLooked?: string
  criteria: readonly Criterion[]
  runs: readonly RunSummary[]
}

export interface Candidate {
  run?: string
  how: 'named' | 'looked' | 'validation' | 'none'
}

/**
 * The run that is judged: the one that the front matter names, else the one that was looked at first, else the best
 * measured on validation by the leading criterion's metric among succeeded runs that are no baselines: of those that no
 * verdict may rest on only where there is no other, so that the verdict says why.
 */
export function chooseCandidate(facts: CandidateFacts): Candidate {
  if (facts.named) return { run: facts.named, how: 'named' }
  const ours = candidateRuns(facts.runs)
  if (facts.firstLooked && ours.some(({ run }) => run === facts.firstLooked))
    return { run: facts.firstLooked, how: 'looked' }
  const best =
    bestByValidation(facts.criteria, ours.filter(isJudgeable)) ?? bestByValidation(facts.criteria, ours)
  return best ? { run: best.run, how: 'validation' } : { how: 'none' }
}

/** Runs that may be judged: succeeded, not made by the lab as a baseline, and no repetition of one that is there. */
export function candidateRuns(runs: readonly RunSummary[]): RunSummary[] {
  return runs.filter(
    ({ state, baseline, reproduces }) =>
      state === 'succeeded' && baseline === undefined && reproduces === undefined,
  )
}

/** The best by measured validation: of an experiment of several seeds its mean counts, and its first seed stands for it. */
export function bestByValidation(
  criteria: readonly Criterion[],
  runs: readonly RunSummary[],
): RunSummary | undefined {
  return bestOverSeeds(criteria, runs)?.run
}

/** The same with what it was chosen by. */
export function bestOverSeeds(
  criteria: readonly Criterion[],
  runs: readonly RunSummary[],
): SeedChoice<RunSummary> | undefined {
  const metric = leadingMetric(criteria)
  if (!metric) return undefined
  const measured = candidateRuns(runs).flatMap((run) => {
    const found = findMeasured(run.metrics, metric, 'validation')
    return found ? [{ run, value: found.value }] : []
  })
  return chooseOverSeeds(measured, directionOf(criteria, metric))
}
