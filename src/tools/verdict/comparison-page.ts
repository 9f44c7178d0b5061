import { describe } from '../../increments/describe.ts'
import { resolveIncrement } from '../../increments/load.ts'
import { writeComparison } from '../../reports/write-documents.ts'
import { openIndex } from '../../store/index-db.ts'
import type { Workspace } from '../../store/workspace.ts'
import { type Compared, keptDifferences } from '../comparison/kept-differences.ts'
import { gatherFacts, type IncrementFacts } from './increment-facts.ts'

/** More runs than a page can show; `compare_runs` pages through them. */
const MOST_RUNS = 500

/** Writes `experiments/comparison.md` of an increment from what is known of it. */
export function writeComparisonPage(facts: IncrementFacts, compared?: Compared): void {
  const { ranking, runs, title, gate, increment, waivers } = facts
  if (!ranking || runs.length === 0 || runs.length > MOST_RUNS) return
  writeComparison(increment.path, {
    ...ranking,
    increment: increment.id,
    title,
    runs,
    ...(gate.candidate ? { candidate: gate.candidate.run } : {}),
    waivers,
    ...(gate.goneRuns ? { goneRuns: gate.goneRuns } : {}),
    criteriaChange: gate.criteriaChange,
    criteriaProposal: gate.criteriaProposal,
    ...(compared ?? keptDifferences(increment, ranking.metric)),
  })
}

/** States baselines and criteria in the documents as they are now; where nothing is new, nothing is written. */
export function describeCurrent({ increment, gate }: IncrementFacts): void {
  if (increment.status === 'active') describe(increment, { baselines: gate.baselines })
}

/** The same after a run's end, as far as it can be done without the lab. */
export async function refreshComparison(workspace: Workspace, increment: string): Promise<void> {
  const index = await openIndex(workspace.layout)
  const facts = gatherFacts(workspace, index, resolveIncrement(workspace, increment))
  writeComparisonPage(facts)
  describeCurrent(facts)
}
