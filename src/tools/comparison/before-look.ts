import type { NextStep } from '../../core/errors.ts'
import type { RunSummary } from '../../core/run-summary.ts'
import { candidateRuns } from '../../increments/candidate.ts'
import type { IncrementRef } from '../../increments/load.ts'
import { summarizeIncrement } from '../../runs/summary.ts'
import type { Index } from '../../store/index-db.ts'
import type { Workspace } from '../../store/workspace.ts'
import { confirmationStep } from '../approvals/unconfirmed-criteria.ts'

/** As the command /sw:do and the plan of an increment have it. */
const KINDS = 3

/**
 * Another kind of model, while fewer than three were measured: one alone says nothing of what the data allows. Which, only
 * who plans knows. Seeds and repeated tries of an experiment have one name, and are one kind.
 */
export function moreCandidates(increment: string, runs: readonly RunSummary[]): NextStep[] {
  const tried = candidateRuns(runs).filter(
    ({ controls, metrics }) => !controls && metrics.some(({ source }) => source === 'measured'),
  )
  const kinds = new Set(tried.map(({ name }) => name)).size
  if (kinds >= KINDS) return []
  return [
    {
      tool: 'run_experiment',
      arguments: {
        increment,
        experiments: [{ name: '<another kind of model>', command: ['python', '<its script>'] }],
        wait_s: 40,
      },
      why: `measured so far: ${kinds} of the ${KINDS} kinds of model that are to be tried before the one look at test; put in name and script`,
    },
  ]
}

/** What is due before the look at test: a person's word on proposed criteria, and other kinds of model. */
export function beforeLook(
  workspace: Workspace,
  index: Index,
  increment: IncrementRef | undefined,
): NextStep[] {
  if (!increment) return []
  return [
    ...confirmationStep(workspace, increment),
    ...moreCandidates(increment.id, summarizeIncrement(index, increment.id)),
  ]
}
