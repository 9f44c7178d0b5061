import { join, relative } from 'node:path'
import type { Workspace } from '../store/workspace.ts'
import { decisionTitle, renderAlgorithmDecision } from './algorithm-decision.ts'
import { DecisionFiles, decisionBlock } from './decision-files.ts'
import { ML_MODELS_OPENING, renderModelsSection } from './ml-models-page.ts'
import { renderRunbook, runbookOpening } from './runbook.ts'
import { chosenRun, type SyncFacts, slugOf } from './sync-facts.ts'
import { type DocumentBlock, putIntoFile } from './write-documents.ts'

export interface SyncResult {
  /** Paths from the workspace's root. In `check` mode: what would change. */
  changed: string[]
  unchanged: string[]
  /** Files in which a person edited a generated block; that block is left as it is. */
  conflicts: string[]
}

/** A block of a living document and the file that it belongs to. */
interface PlannedBlock extends DocumentBlock {
  path: string
}

/**
 * Brings `docs/internal/architecture/ml-models.md`, the decision record on the algorithm and the runbook of each
 * increment up to the records. Only our blocks are touched; files and folders that are missing are made.
 * @param mode `check` writes nothing: for CI, which fails where `changed` or `conflicts` is not empty.
 */
export function syncDocs(
  workspace: Pick<Workspace, 'root' | 'layout'>,
  facts: readonly SyncFacts[],
  mode: 'update' | 'check' = 'update',
): SyncResult {
  const outcomes = new Map<string, Set<string>>()
  for (const block of planBlocks(workspace.layout.docs, facts)) {
    const { path, outcome } = putIntoFile(workspace.root, block.path, block, mode === 'update')
    const shown = relative(workspace.root, path).replaceAll('\\', '/')
    outcomes.set(shown, (outcomes.get(shown) ?? new Set()).add(outcome))
  }
  const paths = (has: (found: Set<string>) => boolean) =>
    [...outcomes].filter(([, found]) => has(found)).map(([path]) => path)
  const isChanged = (found: Set<string>) => found.has('added') || found.has('updated')
  return {
    changed: paths(isChanged),
    unchanged: paths((found) => !isChanged(found) && !found.has('conflict')),
    conflicts: paths((found) => found.has('conflict')),
  }
}

function planBlocks(docs: string, facts: readonly SyncFacts[]): PlannedBlock[] {
  const architecture = join(docs, 'architecture')
  const decisions = new DecisionFiles(join(architecture, 'adr'))
  const inOrder = [...facts].sort((a, b) => (a.increment < b.increment ? -1 : 1))
  return inOrder.flatMap((item) => {
    const decision = planDecision(decisions, item)
    const runbook = planRunbook(docs, item)
    const page: PlannedBlock = {
      path: join(architecture, 'ml-models.md'),
      name: `ml-models-${item.increment}`,
      opening: ML_MODELS_OPENING,
      body: renderModelsSection(item, {
        decision: decision && relative(architecture, decision.path),
        runbook: runbook && relative(architecture, runbook.path),
      }),
    }
    return [page, ...(decision ? [decision] : []), ...(runbook ? [runbook] : [])]
  })
}

function planDecision(decisions: DecisionFiles, facts: SyncFacts): PlannedBlock | undefined {
  const body = renderAlgorithmDecision(facts)
  if (body === undefined) return undefined
  const { name, number } = decisions.fileFor(facts.increment, slugOf(facts))
  return {
    path: join(decisions.folder, name),
    name: decisionBlock(facts.increment),
    opening: `# ${number}. ${decisionTitle(facts)}`,
    body,
  }
}

function planRunbook(docs: string, facts: SyncFacts): PlannedBlock | undefined {
  if (facts.runs.length === 0 && !chosenRun(facts)) return undefined
  return {
    path: join(docs, 'operations', 'runbooks', `${slugOf(facts)}.md`),
    name: `runbook-${facts.increment}`,
    opening: runbookOpening(facts),
    body: renderRunbook(facts),
  }
}
