import { isJudgeable } from '../../core/judgeability.ts'
import { readLedger } from '../../evidence/ledger.ts'
import type { MemoryEntry } from '../../memory/entry.ts'
import { summarizeRun } from '../../runs/summary.ts'
import type { Index } from '../../store/index-db.ts'
import type { Workspace } from '../../store/workspace.ts'
import { withJudgeability, withWaivers } from './judgeable-runs.ts'

/** Without comparisons with a run that no verdict may rest on, as it is known now, or that is gone. */
export function standing<T extends MemoryEntry>(
  workspace: Workspace,
  index: Index,
  entries: readonly T[],
): T[] {
  const compared = entries.filter(({ kind }) => kind === 'comparison')
  if (compared.length === 0) return [...entries]
  const folders = new Map<string, string>()
  const runs = [...new Set(compared.flatMap(({ runs }) => runs))].flatMap((id) => {
    const folder = index.driver.get('SELECT folder FROM runs WHERE run = ?', [id])?.folder
    const summary = summarizeRun(index, id)
    if (!summary || typeof folder !== 'string') return []
    folders.set(id, folder)
    return [summary]
  })
  const ledger = readLedger(workspace)
  const known = withJudgeability(workspace, ledger, runs, ({ run }) => folders.get(run)!)
  const stand = new Set(
    withWaivers(workspace, ledger, known)
      .filter(isJudgeable)
      .map(({ run }) => run),
  )
  return entries.filter(({ kind, runs }) => kind !== 'comparison' || runs.every((run) => stand.has(run)))
}
