import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { labRequest, labVersion } from '../adapters/lab/process.ts'
import type { DatasetRecord } from '../core/dataset-record.ts'
import { type Threshold, thresholdWords } from '../core/threshold.ts'
import type { Workspace } from '../store/workspace.ts'
import { requireEvaluator } from './custom-evaluator.ts'
import {
  type Evidence,
  type EvidenceSplit,
  evidenceSoFar,
  readEvidence,
  recordedSplits,
  type SplitEvidence,
  splitEvidenceSha256,
  writeEvidence,
} from './evidence-file.ts'
import { type Ledger, readLedger, withLedger } from './ledger.ts'
import { contentSha256 } from './predictions-content.ts'
import { isSameThreshold, requireUnlooked, type ThresholdData, thresholdOf } from './threshold.ts'
import { fileSha256 } from './vault.ts'

/** The run that is measured. */
export interface EvaluatedRun {
  /** `0042/exp-003-xgboost` */
  run: string
  /** `0042` */
  increment: string
  /** Absolute. */
  folder: string
  /** `churn@1` */
  dataset: string
}

export interface EvaluationOptions {
  signal?: AbortSignal
  progress?(message: string, fraction?: number): void
  timeoutS?: number
  /** Beside the lab's own metrics: those with a level that a criterion names. */
  also?: readonly string[]
}

/** A predictions file as it lies there now: `<split>.csv`, or `<split>.csv.gz` where a clone has only that. */
export interface Predictions {
  path: string
  /** Of the bytes of the CSV, compressed or not. */
  sha256: string
}

/** Predictions of a run, with how its labels are read from them. */
export interface RunPredictions extends Predictions {
  /** By which labels are made from the scores; `undefined`: they are those that were handed in. */
  threshold: Threshold | undefined
}

/** What everything that measures a run's labels reads: its predictions, and the threshold that was chosen for it. */
export async function findRunPredictions(
  ledger: Ledger,
  run: { run: string; folder: string },
  datasetHash: string,
  split: EvidenceSplit,
): Promise<RunPredictions | undefined> {
  const found = await findPredictions(run.folder, split)
  return found && { ...found, threshold: thresholdOf(ledger, run.run, datasetHash) }
}

/** The file alone. @returns `undefined` where the run handed in none for the split. */
export async function findPredictions(
  runFolder: string,
  split: EvidenceSplit,
): Promise<Predictions | undefined> {
  const path = join(runFolder, 'predictions', `${split}.csv`)
  if (existsSync(path)) return { path, sha256: await fileSha256(path) }
  // In a clone: Git holds the predictions of the runs that a verdict read, compressed.
  const kept = `${path}.gz`
  return existsSync(kept) ? { path: kept, sha256: await contentSha256(kept) } : undefined
}

/**
 * The evidence that is there already for these very predictions, from this lab's version and code and recorded in the ledger;
 * whatever differs is measured anew.
 */
export async function reusableEvidence(
  workspace: Workspace,
  run: EvaluatedRun,
  record: DatasetRecord,
  split: EvidenceSplit,
  predictions: Predictions,
  options: EvaluationOptions,
): Promise<Evidence | undefined> {
  const evidence = readEvidence(run.folder)
  const entry = evidence?.splits[split]
  if (!evidence || !entry || evidence.run !== run.run || evidence.dataset_hash !== record.hash)
    return undefined
  const { version, sha256 } = await labVersion(options)
  if (entry.predictions_sha256 !== predictions.sha256 || entry.lab !== version) return undefined
  if (entry.lab_sha256 !== undefined && entry.lab_sha256 !== sha256) return undefined
  if (options.also?.some((name) => !isMeasured(entry, name))) return undefined
  return recordedSplits(evidence, readLedger(workspace)).has(split) ? evidence : undefined
}

/** Or why it cannot be is a warning that stands there. */
function isMeasured(entry: SplitEvidence, name: string): boolean {
  return (
    entry.metrics.some((metric) => metric.name === name) ||
    entry.warnings.some(({ code }) => code === `${name}_undefined`)
  )
}

type LabEvaluation = Pick<
  SplitEvidence,
  'rows' | 'metrics' | 'warnings' | 'predictions_sha256' | 'labels_sha256' | 'folds' | 'confusion'
>

/**
 * Has the lab score one file of predictions. Writes nothing.
 * @param labels the vault's file, for test.
 * @throws Refusal PREDICTIONS_INVALID, DATASET_INVALID, LAB_FAILED
 */
export async function score(
  workspace: Workspace,
  record: DatasetRecord,
  split: EvidenceSplit,
  predictions: RunPredictions,
  labels: string | undefined,
  options: EvaluationOptions,
): Promise<SplitEvidence> {
  const { version, sha256 } = await labVersion(options)
  requireEvaluator(workspace, record)
  const result = await labRequest<LabEvaluation>(
    'evaluate',
    {
      dataset: workspace.layout.dataset(record.dataset),
      split,
      predictions: predictions.path,
      labels,
      problem_type: record.problem_type,
      positive: record.positive,
      classes: record.classes,
      also: options.also,
      threshold: predictions.threshold?.value,
    },
    options,
  )
  const { rows, metrics, warnings = [], predictions_sha256, labels_sha256, folds, confusion } = result
  const { threshold } = predictions
  const said = threshold
    ? [{ code: 'threshold', message: `Labels are those of ${thresholdWords(threshold)}.` }]
    : []
  return {
    rows,
    metrics,
    warnings: [...said, ...warnings],
    ...(threshold ? { threshold: threshold.value } : {}),
    predictions_sha256,
    labels_sha256,
    lab: version,
    lab_sha256: sha256,
    at: new Date().toISOString(),
    ...(folds ? { folds } : {}),
    ...(confusion ? { confusion } : {}),
  }
}

/**
 * Puts measured splits into the run's `evidence.json`, beside those that are there, and their hashes into the ledger,
 * first: evidence that is on disk is in the ledger. Decided and written under the ledger's lock.
 * @param chosen by which all of `measured` was measured: from now on it is the run's. What was measured otherwise goes.
 * @throws Refusal THRESHOLD_FROZEN where the run was looked at in the meantime; then nothing is recorded.
 */
export async function recordEvidence(
  workspace: Workspace,
  run: EvaluatedRun,
  record: DatasetRecord,
  measured: Partial<Record<EvidenceSplit, SplitEvidence>>,
  chosen?: Threshold,
): Promise<Evidence> {
  const evaluator = await labVersion()
  return withLedger(workspace, (ledger, append) => {
    if (chosen) {
      requireUnlooked(ledger, run.run, record.hash)
      const data: ThresholdData = { run: run.run, dataset_hash: record.hash, ...chosen }
      append('threshold.chosen', { ...data })
    }
    const threshold = chosen ?? thresholdOf(ledger, run.run, record.hash)
    const { threshold: before, ...soFar } = evidenceSoFar(run, record, evaluator)
    const evidence: Evidence = {
      ...soFar,
      evaluator,
      splits: { ...(isSameThreshold(before, threshold) ? soFar.splits : {}), ...measured },
      ...(threshold ? { threshold } : {}),
    }
    const splits = Object.fromEntries(
      (Object.keys(measured) as EvidenceSplit[]).map((split) => [
        split,
        splitEvidenceSha256(evidence, split),
      ]),
    )
    writeEvidence(run.folder, evidence, { splits }, append)
    return evidence
  })
}
