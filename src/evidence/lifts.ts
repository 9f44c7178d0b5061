import { labRequest, labVersion } from '../adapters/lab/process.ts'
import { canonicalJson } from '../core/canonical-json.ts'
import type { DatasetRecord } from '../core/dataset-record.ts'
import { Refusal } from '../core/errors.ts'
import { isLiftMeasured, type LiftInterval, type LiftMeasured } from '../core/lift-measured.ts'
import { metricInfo } from '../core/metrics.ts'
import type { Workspace } from '../store/workspace.ts'
import { findDataset } from './datasets.ts'
import { type Evidence, readEvidence, recordedSplits } from './evidence-file.ts'
import { type Ledger, readLedger, withLedger } from './ledger.ts'
import {
  type EvaluatedRun,
  type EvaluationOptions,
  findPredictions,
  findRunPredictions,
  type Predictions,
} from './scoring.ts'
import { requireLabels } from './vault.ts'

export interface LiftRequest {
  metric: string
  lift: number
  /** `ml.looks`, as fixed at the first look. */
  looks: number
  baselines: readonly { run: string; folder: string }[]
}

/**
 * Has the lab set a candidate that was looked at beside baselines that were measured on the sealed test set, and puts
 * what it found into the ledger, where validation reads it without the lab. What stands there already is not measured
 * again. Nothing here is a look: both files were scored before.
 * @returns what could not be measured, as warnings.
 * @throws Refusal VAULT_MISSING, LAB_UNAVAILABLE, LAB_FAILED
 */
export async function measureLifts(
  workspace: Workspace,
  candidate: EvaluatedRun,
  request: LiftRequest,
  options: EvaluationOptions = {},
): Promise<string[]> {
  const record = findDataset(workspace, candidate.dataset)
  const ledger = readLedger(workspace)
  const mine = looked(readEvidence(candidate.folder), record.hash, ledger)
  if (!mine?.metrics.some(({ name }) => name === request.metric)) return []
  const labels = await requireLabels(record, workspace)
  const { version } = await labVersion(options)
  const predictions = await findRunPredictions(ledger, candidate, record.hash, 'test')
  const warnings: string[] = []
  for (const { run, folder } of request.baselines) {
    const base = looked(readEvidence(folder), record.hash, ledger)
    const file = await findPredictions(folder, 'test')
    if (predictions?.sha256 !== mine.predictions_sha256 || !base || file?.sha256 !== base.predictions_sha256)
      continue
    const about = {
      run: candidate.run,
      baseline: run,
      dataset_hash: record.hash,
      metric: request.metric,
      lift: request.lift,
      predictions_sha256: predictions.sha256,
      baseline_sha256: file.sha256,
      lab: version,
      looks: request.looks,
    }
    if (known(ledger, about)) continue
    const found = await ask(
      workspace,
      record,
      labels,
      request,
      { candidate: predictions, baseline: file, threshold: predictions.threshold?.value },
      {
        ...options,
        progress: (message, fraction) => options.progress?.(`lift over ${run}: ${message}`, fraction),
      },
    )
    if (found.reason) warnings.push(`the lift over ${run} has no interval: ${found.reason}`)
    await withLedger(workspace, (now, append) => {
      if (!known(now, about)) append('lift.measured', { ...about, ...found })
    })
  }
  return warnings
}

/** What is set beside what. */
export interface LiftFiles {
  candidate: Predictions
  baseline: Predictions
  /** By which the candidate's labels are made, where one was chosen. */
  threshold: number | undefined
}

/** Measures a lift that the ledger holds once more; records nothing. @throws Refusal VAULT_MISSING, LAB_FAILED, ... */
export async function liftAgain(
  workspace: Workspace,
  record: DatasetRecord,
  asked: Pick<LiftRequest, 'metric' | 'lift' | 'looks'>,
  files: LiftFiles,
  options: EvaluationOptions = {},
): Promise<Pick<LiftMeasured, 'interval' | 'reason'>> {
  return ask(workspace, record, await requireLabels(record), asked, files, { ...options, progress() {} })
}

type LabLift = LiftInterval & { predictions_sha256: string; baseline_sha256: string }

async function ask(
  workspace: Workspace,
  record: DatasetRecord,
  labels: string,
  { metric, lift, looks }: Pick<LiftRequest, 'metric' | 'lift' | 'looks'>,
  files: LiftFiles,
  options: EvaluationOptions,
): Promise<Pick<LiftMeasured, 'interval' | 'reason'>> {
  try {
    const { value, baseline, target, difference, ci, confidence, method, rows } = await labRequest<LabLift>(
      'lift',
      {
        dataset: workspace.layout.dataset(record.dataset),
        split: 'test',
        labels,
        problem_type: record.problem_type,
        positive: record.positive,
        metric,
        lift,
        bounded: metricInfo(metric)?.bounded === 'unit',
        looks,
        candidate: files.candidate.path,
        baseline: files.baseline.path,
        thresholds: { candidate: files.threshold },
      },
      options,
    )
    return { interval: { value, baseline, target, difference, ci, confidence, method, rows } }
  } catch (cause) {
    // Such as coverage, which has no value a user, or a test set of two rows.
    if (cause instanceof Refusal && cause.code === 'INPUT_INVALID')
      return { interval: null, reason: cause.message }
    throw cause
  }
}

/** What the ledger holds of the candidate over the baselines, of the very predictions that were measured. */
export function liftsOf(
  ledger: Ledger,
  candidate: Evidence | undefined,
  baselines: readonly (Evidence | undefined)[],
): LiftMeasured[] {
  const mine = candidate?.splits.test
  if (!candidate || !mine) return []
  const found = new Map<string, LiftMeasured>()
  for (const lift of recordedLifts(ledger)) {
    const base = baselines.find((one) => one?.run === lift.baseline)
    if (
      lift.run === candidate.run &&
      lift.dataset_hash === candidate.dataset_hash &&
      lift.predictions_sha256 === mine.predictions_sha256 &&
      lift.baseline_sha256 === base?.splits.test?.predictions_sha256
    )
      found.set(canonicalJson([lift.baseline, lift.metric, lift.lift]), lift)
  }
  return [...found.values()]
}

/** What the ledger holds of lifts, oldest first. */
export function recordedLifts(ledger: Ledger): LiftMeasured[] {
  return ledger.lines
    .filter((line) => line.event === 'lift.measured' && line.verified && isLiftMeasured(line.data))
    .map((line) => line.data as unknown as LiftMeasured)
}

function known(ledger: Ledger, about: Omit<LiftMeasured, 'interval' | 'reason'>): boolean {
  return recordedLifts(ledger).some(
    ({ interval: _i, reason: _r, ...one }) => canonicalJson(one) === canonicalJson(about),
  )
}

function looked(evidence: Evidence | undefined, datasetHash: string, ledger: Ledger) {
  if (!evidence || evidence.dataset_hash !== datasetHash) return undefined
  return recordedSplits(evidence, ledger).has('test') ? evidence.splits.test : undefined
}
