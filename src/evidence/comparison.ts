import { labRequest } from '../adapters/lab/process.ts'
import { Refusal } from '../core/errors.ts'
import type { Workspace } from '../store/workspace.ts'
import { findDataset } from './datasets.ts'
import { type EvidenceSplit, readEvidence, recordedSplits } from './evidence-file.ts'
import { readLedger } from './ledger.ts'
import { type EvaluationOptions, findPredictions } from './scoring.ts'
import { thresholdOf } from './threshold.ts'
import { requireLabels } from './vault.ts'

export type DifferenceVerdict = 'better' | 'worse' | 'no_difference_shown'

/** A run against the reference, on the same rows. */
export interface Difference {
  a: string
  b: string
  /** Value of a minus value of b. */
  difference: number
  /** 95 %, paired; of this comparison alone, not adjusted. */
  ci: [number, number]
  p: number
  /** Holm's adjustment over the family of tests. */
  p_adjusted: number
  /** Of a, in the metric's direction; read from `p_adjusted` at 0.05. */
  verdict: DifferenceVerdict
  method?: string
}

export interface ComparedRun {
  run: string
  /** Absolute. */
  folder: string
  /** By whose threshold its labels are made, where not by its own: of a repetition. */
  thresholdOf?: string
}

export interface Comparison {
  /** `churn@1`: the runs must have been made for the same version. */
  dataset: string
  split: EvidenceSplit
  metric: string
  runs: readonly ComparedRun[]
  /** The run that each other is compared with. */
  reference: string
  /** How many tests to allow for, where that is more than the tests that are made. */
  family?: number
}

export interface ComparisonResult {
  differences: Difference[]
  /** The number of tests that the p values are adjusted for. */
  family?: number
  /** Runs that could not be compared, with the reason. */
  left_out: { run: string; reason: string }[]
}

/**
 * Says which differences between runs are real, by a paired test of each against the reference, adjusted for their
 * number: on the same rows, or on the same folds. On test only runs take part whose very predictions were looked at (or that are baselines of the lab, beside
 * at least one that was): a comparison there tells something about sealed labels.
 * @throws Refusal VAULT_MISSING, PREDICTIONS_INVALID, INPUT_INVALID, LAB_UNAVAILABLE, LAB_FAILED
 */
export async function compareOnSplit(
  workspace: Workspace,
  comparison: Comparison,
  options: EvaluationOptions = {},
): Promise<ComparisonResult> {
  const { split, reference } = comparison
  const { found, leftOut } = await askLab<
    Omit<Required<ComparisonResult>, 'left_out'> & Partial<ComparisonResult>
  >(
    workspace,
    split === 'folds' ? 'compare_folds' : 'compare',
    comparison,
    (compared) => (compared.has(reference) && compared.size > 1 ? { reference } : undefined),
    options,
  )
  return {
    differences: found?.differences ?? [],
    ...(found ? { family: found.family } : {}),
    left_out: [...leftOut, ...(found?.left_out ?? [])],
  }
}

/**
 * Has the lab compare the predictions of runs that may be compared.
 * @param more says by the runs that are left what else the request holds; `undefined` where they are too few to ask.
 * @throws Refusal VAULT_MISSING, PREDICTIONS_INVALID, INPUT_INVALID, LAB_UNAVAILABLE, LAB_FAILED
 */
export async function askLab<Found>(
  workspace: Workspace,
  request: 'compare' | 'compare_folds' | 'compare_seeds',
  comparison: Omit<Comparison, 'reference'>,
  more: (compared: ReadonlySet<string>) => Record<string, unknown> | undefined,
  options: EvaluationOptions,
): Promise<{ found?: Found; leftOut: ComparisonResult['left_out'] }> {
  const { split, metric, family } = comparison
  const record = findDataset(workspace, comparison.dataset)
  const { predictions, thresholds, leftOut } = await comparable(workspace, comparison, record.hash)
  const asked = more(new Set(Object.keys(predictions)))
  if (!asked) return { leftOut }
  const labels = split === 'test' ? await requireLabels(record, workspace) : undefined
  const found = await labRequest<Found>(
    request,
    {
      dataset: workspace.layout.dataset(record.dataset),
      split,
      labels,
      problem_type: record.problem_type,
      metric,
      positive: record.positive,
      predictions,
      thresholds,
      family,
      ...asked,
    },
    options,
  )
  return { found, leftOut }
}

/** The predictions of the runs that may be compared on a split, and why others may not. */
async function comparable(
  workspace: Workspace,
  { runs, split }: Pick<Comparison, 'runs' | 'split'>,
  datasetHash: string,
) {
  const ledger = readLedger(workspace)
  const sealed = split === 'test'
  const predictions: Record<string, string> = {}
  const thresholds: Record<string, number> = {}
  const leftOut: { run: string; reason: string }[] = []
  let looked = false
  for (const { run, folder, thresholdOf: other = run } of runs) {
    const file = await findPredictions(folder, split)
    if (!file) {
      leftOut.push({ run, reason: `handed in no predictions for ${split}` })
      continue
    }
    if (sealed) {
      const evidence = readEvidence(folder)
      const entry = evidence?.splits.test
      if (
        !evidence ||
        entry?.predictions_sha256 !== file.sha256 ||
        !recordedSplits(evidence, ledger).has('test')
      ) {
        leftOut.push({ run, reason: 'was not looked at on test: evaluate_run takes a look' })
        continue
      }
      looked ||= typeof entry.look === 'number'
    }
    predictions[run] = file.path
    const threshold = thresholdOf(ledger, other, datasetHash)
    if (threshold) thresholds[run] = threshold.value
  }
  if (sealed && !looked && Object.keys(predictions).length > 0)
    throw new Refusal(
      'INPUT_INVALID',
      'On test, baselines are shown only beside a candidate that was looked at.',
      {
        next: [{ tool: 'compare_runs', arguments: { split: 'validation' }, why: 'costs no look' }],
      },
    )
  return { predictions, thresholds, leftOut }
}
