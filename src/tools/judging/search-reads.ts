import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { findDataset } from '../../evidence/datasets.ts'
import type { EvaluatedRun } from '../../evidence/scoring.ts'
import { searchReads } from '../../evidence/searched-reads.ts'
import { notSearched, readsWarning } from '../../increments/reads-checks.ts'
import type { Workspace } from '../../store/workspace.ts'
import type { ToolContext } from '../context.ts'
import { searchedOf, seenReads } from './seen-reads.ts'

/**
 * At a look: looks what the run, and the runs that it builds on, were seen to read through for rows of the test set, each
 * file once.
 * @returns warnings.
 */
export async function searchSeenReads(
  workspace: Workspace,
  run: EvaluatedRun,
  { signal, progress }: Pick<ToolContext, 'signal' | 'progress'>,
): Promise<string[]> {
  const reads = () =>
    seenReads(workspace, run.run, run.folder, run.dataset, searchedOf(workspace, run.dataset))
  const before = reads()
  const files = new Map(
    before
      .flatMap(({ unsearched }) => unsearched ?? [])
      .flatMap(({ path, sha256 }) =>
        sha256 === null ? [] : [[sha256, { path, sha256, file: placeOf(workspace.root, path) }] as const],
      ),
  )
  if (files.size > 0) {
    try {
      const record = findDataset(workspace, run.dataset)
      await searchReads(workspace, run.run, record, [...files.values()], { signal, progress })
    } catch (cause) {
      if (signal.aborted) throw cause
      const why = cause instanceof Error ? cause.message : String(cause)
      return [`what ${run.run} read was not looked through for test rows: ${why}`]
    }
  }
  const after = reads()
  const left = notSearched(after)
  return [...(after[0] ? readsWarning(after[0]) : []), ...(left ? [left] : [])]
}

/** Where a file lies that a record shows. */
function placeOf(root: string, path: string): string {
  return path.startsWith('~/') ? join(homedir(), path.slice(2)) : resolve(root, path)
}
