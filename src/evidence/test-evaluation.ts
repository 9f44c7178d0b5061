import { join } from 'node:path'
import { readJson } from '../adapters/files.ts'
import { labVersion } from '../adapters/lab/process.ts'
import type { DatasetRecord } from '../core/dataset-record.ts'
import { Refusal } from '../core/errors.ts'
import type { Measurement } from '../core/measurement.ts'
import type { Workspace } from '../store/workspace.ts'
import { noticeEvaluator } from './custom-evaluator.ts'
import { findDataset, splitFiles } from './datasets.ts'
import { type Evidence, measurementsOf, readEvidence } from './evidence-file.ts'
import { readLedger } from './ledger.ts'
import { type LookRequest, type LookUse, looksUsed, returnLook, takeLook, tookLook } from './looks.ts'
import { type ModelLimit, predictTest, savedModel } from './prediction.ts'
import { predictionsMissing } from './predictions-missing.ts'
import { rowsMissing } from './register-again.ts'
import {
  type EvaluatedRun,
  type EvaluationOptions,
  findRunPredictions,
  type Predictions,
  type RunPredictions,
  recordEvidence,
  reusableEvidence,
  score,
} from './scoring.ts'
import { requireLabels } from './vault.ts'

export interface TestEvaluationOptions extends EvaluationOptions {
  /** `ml.looks` of the increment. */
  budget: number
  /** Interpreter of the run, by which missing predictions are made from the saved model. */
  interpreter?: string
  /** What the saved model may take for them; else the longest that any may. */
  modelLimit?: ModelLimit
  /** Throws where no look is to be spent on the run; what it was looked at for before is measured again all the same. */
  beforeLook?: () => void
}

export interface TestEvaluation {
  metrics: Measurement[]
  look: LookUse
  /** These predictions were scored before: the same answer, and no new look. */
  repeated: boolean
  warnings: string[]
}

/**
 * Scores a run on the sealed test set: a look, counted. Predictions that are missing are made from the saved model.
 * The look is in the ledger before anything is scored; it is given back only where the file did not fit the split.
 * @throws Refusal VAULT_MISSING, PREDICTIONS_MISSING, PREDICTIONS_INVALID, LOOKS_SPENT, LAB_UNAVAILABLE, LAB_FAILED;
 * ModelTooSlow where the saved model needs longer than `options.modelLimit` for predictions that are missing.
 */
export async function evaluateTest(
  workspace: Workspace,
  run: EvaluatedRun,
  options: TestEvaluationOptions,
): Promise<TestEvaluation> {
  const record = findDataset(workspace, run.dataset)
  const labels = await requireLabels(record, workspace)
  const { predictions, made } = await testPredictions(workspace, run, record, options)
  const request: LookRequest = {
    increment: run.increment,
    dataset: record.dataset,
    datasetHash: record.hash,
    run: run.run,
    predictionsSha256: predictions.sha256,
    threshold: predictions.threshold?.value,
    budget: options.budget,
  }
  const there = await reusableEvidence(workspace, run, record, 'test', predictions, options)
  // Another run's look at the very same predictions is no answer for one that no verdict may rest on.
  if (!tookLook(workspace, request)) options.beforeLook?.()
  if (there && typeof there.splits.test?.look === 'number') {
    const used = looksUsed(workspace, run.increment, record.hash)
    return answer(there, { used, budget: options.budget }, true)
  }
  // A lab that cannot be started, or an evaluator that is another, must cost no look.
  await labVersion(options)
  await noticeEvaluator(workspace, record)
  const look = await takeLook(workspace, request)
  const entry = await scoreLooked(workspace, record, predictions, labels, request, look.repeated, options)
  const evidence = await recordEvidence(workspace, run, record, {
    test: { ...entry, look: look.look, ...(made ? { predicted_by: 'lab' } : {}), reproduction: 'due' },
  })
  return answer(evidence, { used: look.used, budget: look.budget }, look.repeated)
}

/**
 * Scores a baseline that the lab itself made on the sealed test set: no look. Its values are kept, and shown only
 * together with a candidate's (see measurementsOf, `baselineTest`).
 * @throws Refusal INPUT_INVALID for a run that is no baseline of the lab; else as {@link evaluateTest}.
 */
export async function evaluateBaselineTest(
  workspace: Workspace,
  run: EvaluatedRun,
  options: EvaluationOptions = {},
): Promise<Measurement[]> {
  requireBaseline(run)
  const record = findDataset(workspace, run.dataset)
  const labels = await requireLabels(record, workspace)
  const predictions = await findRunPredictions(readLedger(workspace), run, record.hash, 'test')
  if (!predictions) throw predictionsMissing(run.run, 'test')
  const there = await reusableEvidence(workspace, run, record, 'test', predictions, options)
  if (there?.splits.test?.baseline) return testMetrics(there)
  const entry = await score(workspace, record, 'test', predictions, labels, options)
  const evidence = await recordEvidence(workspace, run, record, {
    test: { ...entry, look: null, baseline: true },
  })
  return testMetrics(evidence)
}

/** The test values of a run that are there already, and are the ledger's; none where it was not looked at. */
function testMetrics(evidence: Evidence): Measurement[] {
  return measurementsOf(evidence, { baselineTest: true, recorded: new Set(['test']) })
}

function answer(evidence: Evidence, look: LookUse, repeated: boolean): TestEvaluation {
  const warnings = (evidence.splits.test?.warnings ?? []).map((warning) => warning.message)
  return { metrics: testMetrics(evidence), look, repeated, warnings }
}

async function testPredictions(
  workspace: Workspace,
  run: EvaluatedRun,
  record: DatasetRecord,
  options: TestEvaluationOptions,
): Promise<{ predictions: RunPredictions; made: boolean }> {
  const find = () => findRunPredictions(readLedger(workspace), run, record.hash, 'test')
  const made = readEvidence(run.folder)?.splits.test?.predicted_by === 'lab'
  const handedIn = await find()
  if (handedIn) return { predictions: handedIn, made: made && isUnchanged(run, handedIn) }
  if (!savedModel(run.folder))
    throw predictionsMissing(run.run, 'test', 'and saved no model to make them with')
  if (!options.interpreter) throw predictionsMissing(run.run, 'test', 'and its interpreter is not known')
  const features = splitFiles(workspace, record).test
  if (!features) throw rowsMissing(record, 'test')
  options.progress?.('Making the test predictions from the saved model')
  const path = await predictTest(workspace, run, {
    ...options,
    interpreter: options.interpreter,
    features,
    record,
    limit: options.modelLimit,
  })
  const predictions = await find()
  if (!predictions) throw new Error(`${path} vanished`)
  return { predictions, made: true }
}

function isUnchanged(run: EvaluatedRun, predictions: Predictions): boolean {
  return readEvidence(run.folder)?.splits.test?.predictions_sha256 === predictions.sha256
}

async function scoreLooked(
  workspace: Workspace,
  record: DatasetRecord,
  predictions: RunPredictions,
  labels: string,
  request: LookRequest,
  repeated: boolean,
  options: EvaluationOptions,
) {
  try {
    const entry = await score(workspace, record, 'test', predictions, labels, options)
    if (entry.predictions_sha256 === request.predictionsSha256) return entry
  } catch (cause) {
    if (!repeated && cause instanceof Refusal && cause.code === 'PREDICTIONS_INVALID')
      await returnLook(workspace, request, 'PREDICTIONS_INVALID')
    throw cause
  }
  // Shown values would be of predictions that no look was taken for.
  throw new Refusal('PREDICTIONS_INVALID', `${predictions.path} was changed while it was scored. Call again.`)
}

function requireBaseline(run: EvaluatedRun): void {
  const file = readJson<{ made_by?: string; baseline?: string; command?: string[] }>(
    join(run.folder, 'run.json'),
  )
  // `lab`: queued by run_baselines, the only tool that sets `baseline`; `baseline`: made by the SDK's own call.
  const byTheLab = file?.made_by === 'lab' || file?.made_by === 'baseline'
  if (byTheLab && file.baseline && file.command?.includes('specweave_lab.baseline')) return
  throw new Refusal(
    'INPUT_INVALID',
    `${run.run} is no baseline made by the lab: a look at the test set is counted.`,
    {
      next: [{ tool: 'evaluate_run', arguments: { run: run.run, split: 'test' }, why: 'takes a look' }],
    },
  )
}
