import { labRequest } from '../adapters/lab/process.ts'
import type { Workspace } from '../store/workspace.ts'

/** All of the splits is read. */
const LONGEST_CUT_S = 300
const LONGEST_READ_S = 60

/**
 * Has the lab write a few rows of each split, and a `dataset.json` of these, into a folder of its own.
 * @throws Refusal DATASET_INVALID, LAB_FAILED
 */
export async function cutToFew(
  workspace: Workspace,
  dataset: string,
  out: string,
): Promise<Record<'train' | 'validation' | 'test', number>> {
  const { rows } = await labRequest<{ rows: Record<'train' | 'validation' | 'test', number> }>(
    'cut_splits',
    { dataset: workspace.layout.dataset(dataset), out },
    { timeoutS: LONGEST_CUT_S },
  )
  return rows
}

/** What the lab makes of predictions for the cut splits: their form alone. */
export async function readSmoke(
  data: string,
  predictions: string,
): Promise<{ handed_in: string[]; problems: { split: string; problem: string }[] }> {
  return labRequest('check_smoke', { dataset: data, predictions }, { timeoutS: LONGEST_READ_S })
}
