import type { DatasetRecord } from '../core/dataset-record.ts'
import type { Workspace } from '../store/workspace.ts'
import type { Ledger } from './ledger.ts'
import { type RebuildOptions, type Rebuilt, rebuildDataset } from './rebuild.ts'
import { recordStanding } from './registered-record.ts'

/**
 * Holds a data set against the ledger and against its source. The rows that are here are hashed where they are scored by.
 * @param problems gets a sentence for each thing that is wrong, also where a refusal follows.
 * @throws Refusal as {@link rebuildDataset}
 */
export async function proveDataset(
  workspace: Workspace,
  ledger: Ledger,
  record: DatasetRecord,
  problems: string[],
  options: RebuildOptions,
): Promise<Rebuilt> {
  const { registered, problem, notCompared } = recordStanding(record, ledger)
  if (problem) problems.push(problem)
  if (!registered) problems.push(`dataset.json of ${record.dataset} stands in no line of the ledger`)
  // Also then: what the source gives tells what was changed.
  const rebuilt = await rebuildDataset(workspace, record, { ...options, again: true })
  // What the source gives was compared, so nothing is left that only the ledger could tell.
  if (rebuilt.notCompared === undefined || notCompared === undefined) return rebuilt
  return { ...rebuilt, notCompared: `${rebuilt.notCompared}; ${notCompared}` }
}
