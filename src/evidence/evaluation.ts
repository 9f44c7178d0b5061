import { Refusal } from '../core/errors.ts'
import type { Measurement } from '../core/measurement.ts'
import type { Workspace } from '../store/workspace.ts'
import { noticeEvaluator } from './custom-evaluator.ts'
import { findDataset, splitFiles } from './datasets.ts'
import { measurementsOf, readEvidence, type SplitEvidence } from './evidence-file.ts'
import { readLedger } from './ledger.ts'
import { predictionsMissing } from './predictions-missing.ts'
import { rowsMissing } from './register-again.ts'
import {
  type EvaluatedRun,
  type EvaluationOptions,
  findRunPredictions,
  recordEvidence,
  reusableEvidence,
  score,
} from './scoring.ts'
import { recordChangedSplits } from './tamper.ts'

export type OpenSplit = 'train' | 'validation' | 'folds'

export interface OpenEvaluation {
  metrics: Measurement[]
  /** The splits that were scored now; others were there already. */
  measured: OpenSplit[]
  warnings: string[]
}

/**
 * Scores what a run handed in for train, validation and folds: at its end, as far as there is any (`splits` not given; a file
 * that does not fit is a warning), or when asked for by name (then it is a refusal).
 * @throws Refusal DATASET_UNKNOWN, LAB_UNAVAILABLE, LAB_FAILED; for a named split also PREDICTIONS_MISSING,
 * PREDICTIONS_INVALID.
 */
export async function evaluateSplits(
  workspace: Workspace,
  run: EvaluatedRun,
  splits?: readonly OpenSplit[],
  options: EvaluationOptions = {},
): Promise<OpenEvaluation> {
  const record = findDataset(workspace, run.dataset)
  const ledger = readLedger(workspace)
  const wanted: readonly OpenSplit[] = splits ?? ['train', 'validation', 'folds']
  const results: Partial<Record<OpenSplit, SplitEvidence>> = {}
  const [present, warnings]: [OpenSplit[], string[]] = [[], []]
  for (const split of wanted) {
    const predictions = await findRunPredictions(ledger, run, record.hash, split)
    if (!predictions) {
      if (splits) throw predictionsMissing(run.run, split)
      continue
    }
    try {
      if (!(await reusableEvidence(workspace, run, record, split, predictions, options))) {
        const rows = split === 'folds' ? 'train' : split
        if (!splitFiles(workspace, record)[rows]) throw rowsMissing(record, rows)
        await noticeEvaluator(workspace, record)
        results[split] = await score(workspace, record, split, predictions, undefined, options)
      }
      present.push(split)
    } catch (cause) {
      // Such as rows that the script itself changed while it ran.
      if (cause instanceof Refusal && cause.code === 'DATASET_INVALID')
        await recordChangedSplits(workspace, record)
      const ofTheFile = cause instanceof Refusal && /^(?:PREDICTIONS|DATASET)_INVALID$/.test(cause.code)
      if (splits || !ofTheFile) throw cause
      warnings.push(`${split}: ${cause.message}`)
    }
  }
  const measured = Object.keys(results) as OpenSplit[]
  if (measured.length > 0) await recordEvidence(workspace, run, record, results)
  const { metrics, warnings: noted } = readMeasured(run.folder, new Set(present))
  return { metrics, measured, warnings: [...warnings, ...noted] }
}

function readMeasured(
  folder: string,
  splits: ReadonlySet<OpenSplit>,
): { metrics: Measurement[]; warnings: string[] } {
  const evidence = readEvidence(folder)
  return {
    metrics: measurementsOf(evidence, { recorded: splits }),
    warnings: [...splits].flatMap((split) =>
      (evidence?.splits[split]?.warnings ?? []).map((warning) => `${split}: ${warning.message}`),
    ),
  }
}
