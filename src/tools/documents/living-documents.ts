import { join } from 'node:path'
import type { Verdict } from '../../core/criterion.ts'
import { judge } from '../../increments/gates.ts'
import { listIncrements, resolveIncrement } from '../../increments/load.ts'
import { versionsIn } from '../../reports/keep-model.ts'
import { type SyncResult, syncDocs } from '../../reports/living-docs.ts'
import type { SyncFacts } from '../../reports/sync-facts.ts'
import type { Index } from '../../store/index-db.ts'
import { runFolder } from '../../store/layout.ts'
import type { Workspace } from '../../store/workspace.ts'
import { type Compared, keptDifferences } from '../comparison/kept-differences.ts'
import { environmentOf } from '../runs/run-environment.ts'
import { gatherFacts } from '../verdict/increment-facts.ts'

type Known = Record<string, { verdict: Verdict; compared: Compared }>

/**
 * Brings the living documents of some increments, or of all, up to the records.
 * @param known verdicts that were just made; others are judged anew, which records nothing.
 */
export async function synchronise(
  workspace: Workspace,
  index: Index,
  increments: readonly string[] | undefined,
  mode: 'update' | 'check',
  known: Known = {},
): Promise<SyncResult> {
  const refs = increments
    ? increments.map((id) => resolveIncrement(workspace, id))
    : listIncrements(workspace)
  const facts = refs.map((increment): SyncFacts => {
    const gathered = gatherFacts(workspace, index, increment)
    const candidate = gathered.gate.candidate?.run
    return {
      increment: increment.id,
      folder: increment.folder,
      title: gathered.title,
      problemType: gathered.gate.problemType,
      status: gathered.increment.status as SyncFacts['status'],
      ranking: gathered.ranking,
      criteria: gathered.front.ml.success,
      verdict: known[increment.id]?.verdict ?? judge(gathered.gate),
      runs: gathered.runs,
      ...(candidate ? { candidate } : {}),
      dataset: gathered.dataset,
      environment: candidate
        ? environmentOf(join(runFolder(workspace.layout, increment.folder, candidate), 'run.json'))
        : undefined,
      models: versionsIn(join(increment.path, 'models')),
      ...(known[increment.id]?.compared ?? keptDifferences(increment, gathered.ranking?.metric)),
      looks: gathered.looks,
      waivers: gathered.waivers,
      criteriaChange: gathered.gate.criteriaChange,
      criteriaProposal: gathered.gate.criteriaProposal,
      ...(gathered.gate.firstCandidate ? { firstCandidate: gathered.gate.firstCandidate } : {}),
    }
  })
  return syncDocs(workspace, facts, mode)
}
