import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { labRequest } from '../adapters/lab/process.ts'
import { Refusal } from '../core/errors.ts'
import { type EvaluationMaterial, FIGURE_KINDS } from '../core/evaluation-material.ts'
import type { Workspace } from '../store/workspace.ts'
import { findDataset } from './datasets.ts'
import {
  type Evidence,
  type EvidenceSplit,
  readEvidence,
  recordedSplits,
  type SplitEvidence,
} from './evidence-file.ts'
import { readLedger } from './ledger.ts'
import { predictionsMissing } from './predictions-missing.ts'
import { type EvaluatedRun, type EvaluationOptions, findRunPredictions } from './scoring.ts'

export interface MaterialRequest {
  split: EvidenceSplit
  slices: readonly string[]
  /** What slices are measured by, where it can be. */
  sliceMetric?: string
  /** What the run logged by step. */
  curves: readonly { name: string; points: [number, number][] }[]
  /** Absolute folder of the figures, and what their names begin with. */
  figures: string
  prefix: string
}

export interface RecordedMaterial {
  evidence: Evidence
  entry: SplitEvidence
  /** What was measured on train, beside a report on validation. */
  train?: SplitEvidence
  material: EvaluationMaterial
}

/**
 * Has the lab draw the figures of a report and find slices and worst rows. The numbers are those of evidence.json, as the
 * ledger holds them. Of the sealed test set (and of folds) the lab is given the recorded confusion matrix and nothing
 * else: no label and no row is read again, and no look is taken.
 * @throws Refusal INPUT_INVALID for columns that cannot be sliced by; PREDICTIONS_MISSING, LAB_FAILED
 */
export async function reportMaterial(
  workspace: Workspace,
  run: EvaluatedRun,
  request: MaterialRequest,
  options: EvaluationOptions,
): Promise<RecordedMaterial> {
  const { split, slices, figures, prefix } = request
  const record = findDataset(workspace, run.dataset)
  const evidence = readEvidence(run.folder)
  const ledger = readLedger(workspace)
  const recorded = evidence ? recordedSplits(evidence, ledger) : new Set()
  const entry = evidence?.splits[split]
  if (!evidence || !entry || !recorded.has(split)) throw notRecorded(run.run, split)
  const open = split === 'train' || split === 'validation'
  const predictions = open ? await findRunPredictions(ledger, run, record.hash, split) : undefined
  if (open && predictions?.sha256 !== entry.predictions_sha256) throw predictionsMissing(run.run, split)
  const ece = entry.metrics.find(({ name }) => name === 'ece')?.value
  const material = await labRequest<EvaluationMaterial>(
    'evaluation_report',
    {
      dataset: workspace.layout.dataset(record.dataset),
      split,
      figures,
      prefix,
      ...(open
        ? {
            predictions: predictions?.path,
            threshold: predictions?.threshold?.value,
            problem_type: record.problem_type,
            positive: record.positive,
            classes: record.classes,
            slices,
            slice_metric: request.sliceMetric,
            curves: request.curves,
            ece: typeof ece === 'number' ? ece : undefined,
          }
        : { confusion: entry.confusion }),
    },
    options,
  )
  const drawn = new Set(material.figures.map(({ file }) => file))
  for (const kind of FIGURE_KINDS) {
    const file = `${prefix}-${kind}.png`
    if (!drawn.has(file)) rmSync(join(figures, file), { force: true })
  }
  const train = split === 'validation' && recorded.has('train') ? evidence.splits.train : undefined
  return { evidence, entry, material, ...(train ? { train } : {}) }
}

function notRecorded(run: string, split: string): Refusal {
  return new Refusal(
    'INPUT_INVALID',
    `evidence.json of ${run} holds no numbers for ${split} that the ledger knows: there is nothing to report on.`,
    { next: [{ tool: 'evaluate_run', arguments: { run, split }, why: 'measures it' }] },
  )
}
