import { join } from 'node:path'
import { findLab } from '../../adapters/lab/environment.ts'
import { Refusal } from '../../core/errors.ts'
import { cutToFew, readSmoke } from '../../evidence/smoke.ts'
import type { SplitFiles } from '../../runs/prepare.ts'
import type { Workspace } from '../../store/workspace.ts'
import { datasetRecord } from './dataset-record.ts'

/**
 * A few rows of each split for a smoke run, as files under their own names.
 * @returns or why there are none, where that is no fault of the data.
 * @throws Refusal DATASET_INVALID where a split is missing, cannot be read, or is not what was registered.
 */
export async function cutSplits(
  workspace: Workspace,
  dataset: string,
  out: string,
): Promise<{ files: SplitFiles; rows: string } | string> {
  const record = datasetRecord(workspace, dataset)
  if (!record) return `${dataset} is not registered here`
  // Making it takes minutes: a preflight is to end within one.
  if (!findLab()) return 'the lab is not set up (`specweave-ml setup`), so no small data could be cut'
  const rows = await cutToFew(workspace, dataset, out).catch(ofTheLab)
  if (typeof rows === 'string') return rows
  const file = (split: keyof SplitFiles): string => join(out, record.splits[split].path)
  return {
    files: { train: file('train'), validation: file('validation'), test: file('test') },
    rows: `${rows.train} rows of train, ${rows.validation} of validation, ${rows.test} of test`,
  }
}

/** Whether predictions for cut splits have the form that the lab reads; a text says why it is not known. */
export async function checkSmoke(
  data: string,
  predictions: string,
): Promise<{ handed_in: string[]; problems: string[] } | string> {
  const read = await readSmoke(data, predictions).catch(ofTheLab)
  if (typeof read === 'string') return read
  return {
    handed_in: read.handed_in,
    problems: read.problems.map(({ split, problem }) => `${split}: ${problem}`),
  }
}

/** A lab that breaks off says nothing about the script: the run is not to fail by it. */
function ofTheLab(cause: unknown): string {
  if (cause instanceof Refusal && (cause.code === 'LAB_FAILED' || cause.code === 'LAB_UNAVAILABLE'))
    return cause.message
  throw cause
}
