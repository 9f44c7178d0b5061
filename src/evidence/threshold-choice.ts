import { labRequest, labVersion } from '../adapters/lab/process.ts'
import type { DatasetRecord } from '../core/dataset-record.ts'
import { Refusal } from '../core/errors.ts'
import {
  goalWords,
  isSameGoal,
  LEVEL_METRICS,
  type Threshold,
  type ThresholdGoal,
} from '../core/threshold.ts'
import type { Workspace } from '../store/workspace.ts'
import { findDataset, splitFiles } from './datasets.ts'
import type { OpenSplit } from './evaluation.ts'
import { type MetricEvidence, readEvidence, recordedSplits, type SplitEvidence } from './evidence-file.ts'
import { readLedger } from './ledger.ts'
import { predictionsMissing } from './predictions-missing.ts'
import { rowsMissing } from './register-again.ts'
import {
  type EvaluatedRun,
  type EvaluationOptions,
  findPredictions,
  type Predictions,
  recordEvidence,
  score,
} from './scoring.ts'
import { requireUnlooked, thresholdOf } from './threshold.ts'

export interface ChosenThreshold {
  threshold: Threshold
  /** What it reaches on validation: of the metric, and of what is given up for it. */
  reached: MetricEvidence[]
  /** Chosen before, and nothing was measured anew. */
  repeated: boolean
  /** Splits that could not be measured by it. */
  warnings: string[]
}

/**
 * Chooses the threshold by which a run's labels are made from its scores, by its validation predictions, and measures what
 * is open anew by it. Recorded once a run: another choice replaces it until the run's first look at test, none after it.
 * @throws Refusal THRESHOLD_FROZEN, INPUT_INVALID, PREDICTIONS_MISSING, PREDICTIONS_INVALID, LAB_UNAVAILABLE, LAB_FAILED
 */
export async function chooseThreshold(
  workspace: Workspace,
  run: EvaluatedRun,
  goal: ThresholdGoal,
  options: EvaluationOptions,
): Promise<ChosenThreshold> {
  const record = findDataset(workspace, run.dataset)
  requireBinary(record)
  const validation = await findPredictions(run.folder, 'validation')
  if (!validation) throw predictionsMissing(run.run, 'validation')
  const before = await repeated(workspace, run, record, goal, validation)
  if (before) return before
  requireUnlooked(readLedger(workspace), run.run, record.hash)
  if (!splitFiles(workspace, record).validation) throw rowsMissing(record, 'validation')
  const { value, positive } = await ask(workspace, record, validation, goal, options)
  const threshold: Threshold = {
    value,
    positive,
    ...goal,
    split: 'validation',
    predictions_sha256: validation.sha256,
    chosen: new Date().toISOString(),
  }
  const measured: Partial<Record<OpenSplit, SplitEvidence>> = {}
  const warnings: string[] = []
  for (const split of ['validation', 'train', 'folds'] as const) {
    const predictions = split === 'validation' ? validation : await findPredictions(run.folder, split)
    if (!predictions) continue
    try {
      measured[split] = await score(
        workspace,
        record,
        split,
        { ...predictions, threshold },
        undefined,
        options,
      )
    } catch (cause) {
      const ofTheFile = cause instanceof Refusal && /^(?:PREDICTIONS|DATASET)_INVALID$/.test(cause.code)
      if (split === 'validation' || !ofTheFile) throw cause
      warnings.push(`${split}: ${cause.message}`)
    }
  }
  await recordEvidence(workspace, run, record, measured, threshold)
  return { threshold, reached: reached(threshold, measured.validation), repeated: false, warnings }
}

/** @returns why a recorded threshold is not the one that the validation predictions give; `undefined` where it is. */
export async function notChosenThere(
  workspace: Workspace,
  record: DatasetRecord,
  validation: Predictions,
  threshold: Threshold,
  options: EvaluationOptions,
): Promise<string | undefined> {
  if (threshold.predictions_sha256 !== validation.sha256)
    return 'the threshold was chosen by other validation predictions than those that are here'
  const again = await ask(workspace, record, validation, threshold, options)
  if (again.value === threshold.value && again.positive === threshold.positive) return undefined
  return `the threshold ${threshold.value} of ${threshold.positive} is recorded, and the validation predictions give ${again.value} of ${again.positive} for ${goalWords(threshold)}`
}

/** The same question again, also after a look: the answer that is there. */
async function repeated(
  workspace: Workspace,
  run: EvaluatedRun,
  record: DatasetRecord,
  goal: ThresholdGoal,
  validation: Predictions,
): Promise<ChosenThreshold | undefined> {
  const ledger = readLedger(workspace)
  const threshold = thresholdOf(ledger, run.run, record.hash)
  const evidence = readEvidence(run.folder)
  if (!threshold || !evidence || !isSameGoal(threshold, goal)) return undefined
  const entry = evidence.splits.validation
  if (threshold.predictions_sha256 !== validation.sha256 || entry?.lab !== (await labVersion()).version)
    return undefined
  if (!recordedSplits(evidence, ledger).has('validation')) return undefined
  return { threshold, reached: reached(threshold, entry), repeated: true, warnings: [] }
}

/** The metric and, of a level, what was made as high as that left it. */
function reached({ metric }: ThresholdGoal, entry: SplitEvidence | undefined): MetricEvidence[] {
  const levels: readonly string[] = LEVEL_METRICS
  const names = levels.includes(metric)
    ? [metric, ...levels.filter((name) => name !== metric)]
    : [metric, ...levels]
  return names.flatMap((name) => entry?.metrics.find((one) => one.name === name) ?? [])
}

function ask(
  workspace: Workspace,
  record: DatasetRecord,
  validation: Predictions,
  { metric, at_least }: ThresholdGoal,
  options: EvaluationOptions,
): Promise<Pick<Threshold, 'value' | 'positive'>> {
  return labRequest<Pick<Threshold, 'value' | 'positive'>>(
    'choose_threshold',
    {
      dataset: workspace.layout.dataset(record.dataset),
      split: 'validation',
      predictions: validation.path,
      problem_type: record.problem_type,
      positive: record.positive,
      classes: record.classes,
      metric,
      at_least,
    },
    options,
  )
}

function requireBinary({ dataset, problem_type, classes }: DatasetRecord): void {
  if (problem_type === 'classification' && classes?.length === 2) return
  const what = problem_type === 'classification' ? `has ${classes?.length} classes` : `is for ${problem_type}`
  const problem = `a threshold decides between two classes, and ${dataset} ${what}`
  throw new Refusal('INPUT_INVALID', `${problem[0]?.toUpperCase()}${problem.slice(1)}.`, {
    invalid: [{ field: 'threshold', problem }],
  })
}
