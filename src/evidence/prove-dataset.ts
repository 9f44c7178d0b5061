import type { DatasetRecord } from '../core/dataset-record.ts'
import type { Workspace } from '../store/workspace.ts'
import type { Ledger } from './ledger.ts'
import { type RebuildOptions, type Rebuilt, rebuildDataset } from './rebuild.ts'
import { recordStanding } from './registered-record.ts'
import { changedSplitFiles } from './split-files.ts'

/**
 * Holds a data set against the ledger, against its source, and the rows that are here against both.
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
  for (const { file, found, expected } of changedSplitFiles(workspace, record))
    problems.push(
      `${file} was changed: its SHA-256 is ${found.slice(0, 12)}..., and dataset.json says ${expected.slice(0, 12)}...`,
    )
  // What the source gives was compared, so nothing is left that only the ledger could tell.
  if (rebuilt.notCompared === undefined || notCompared === undefined) return rebuilt
  return { ...rebuilt, notCompared: `${rebuilt.notCompared}; ${notCompared}` }
}
