import { labRequest, labVersion } from '../adapters/lab/process.ts'
import { type ControlLine, type ControlMeasured, isControlLine } from '../core/control-measured.ts'
import type { Workspace } from '../store/workspace.ts'
import { findDataset } from './datasets.ts'
import { appendEvent, type Ledger } from './ledger.ts'
import { type EvaluatedRun, type EvaluationOptions, findPredictions } from './scoring.ts'

/**
 * Has the lab write train and validation with their labels dealt anew.
 * @param out absolute folder; files get the names of the split files.
 * @throws Refusal DATASET_INVALID, LAB_UNAVAILABLE, LAB_FAILED
 */
export async function shuffleLabels(workspace: Workspace, dataset: string, out: string): Promise<void> {
  await labRequest('shuffle_labels', { dataset: workspace.layout.dataset(dataset), out })
}

/**
 * Measures what a control made of the shuffled labels, on the real ones of validation, and puts it into the ledger.
 * @param original the run that is controlled.
 * @returns a sentence for the control's warnings.
 */
export async function measureControl(
  workspace: Workspace,
  control: EvaluatedRun,
  original: EvaluatedRun,
  metric: string,
  options: EvaluationOptions = {},
): Promise<string> {
  const record = findDataset(workspace, control.dataset)
  const mine = await findPredictions(control.folder, 'validation')
  const its = await findPredictions(original.folder, 'validation')
  if (!mine || !its)
    return `the control is not measured: ${(mine ? original : control).run} handed in no predictions for validation`
  const found = await labRequest<ControlMeasured>(
    'measure_control',
    {
      dataset: workspace.layout.dataset(record.dataset),
      split: 'validation',
      predictions: mine.path,
      original: its.path,
      problem_type: record.problem_type,
      positive: record.positive,
      classes: record.classes,
      metric,
    },
    options,
  )
  const { verdict, value, chance, bound, rows } = found
  const line: ControlLine = {
    run: control.run,
    of: original.run,
    dataset_hash: record.hash,
    predictions_sha256: mine.sha256,
    original_sha256: its.sha256,
    lab: (await labVersion(options)).version,
    verdict,
    metric: found.metric,
    value,
    chance,
    bound,
    original: found.original,
    rows,
  }
  await appendEvent(workspace, 'control.measured', { ...line })
  return `control with shuffled labels: ${verdict === 'fail' ? 'better than chance' : 'no better than chance'}, ${found.metric} ${shown(value)} on the real validation labels, where chance is ${shown(chance)}${found.metric === metric ? '' : `; ${metric} cannot be measured of predictions dealt to other rows, so that ${found.metric} was compared`}`
}

/** What the ledger holds of the controls of a run's very validation predictions: a failed one, whatever came after it. */
export function controlOf(
  ledger: Ledger,
  run: string,
  datasetHash: string,
  predictionsSha256: string | undefined,
): ControlLine | undefined {
  const lines = ledger.lines
    .filter(({ event, verified, data }) => event === 'control.measured' && verified && isControlLine(data))
    .map(({ data }) => data as unknown as ControlLine)
    .filter(
      (line) =>
        line.of === run &&
        line.dataset_hash === datasetHash &&
        (predictionsSha256 === undefined || line.original_sha256 === predictionsSha256),
    )
  return lines.findLast(({ verdict }) => verdict === 'fail') ?? lines.at(-1)
}

function shown(value: number): string {
  return String(Number(value.toPrecision(4)))
}
