import type { NextStep } from '../../core/errors.ts'
import type { RunSummary } from '../../core/run-summary.ts'
import type { IncrementRef } from '../../increments/load.ts'
import { baseName } from '../../runs/naming.ts'
import type { Index } from '../../store/index-db.ts'
import type { Workspace } from '../../store/workspace.ts'
import { confirmationStep } from '../approvals/unconfirmed-criteria.ts'

/** As the command /sw:do and the plan of an increment have it. */
const KINDS = 3

/**
 * Another kind of model, while fewer than three were measured: one alone says nothing of what the data allows. Which, only
 * who plans knows. Seeds and repeated tries of an experiment are one kind.
 * @param measured names of candidates: `exp-004-boosting`, `exp-004-boosting-r2`, `exp-005-forest/s1`
 */
export function moreCandidates(increment: string, measured: readonly string[]): NextStep[] {
  const kinds = new Set(measured.map((name) => baseName(name.split('/')[0] ?? ''))).size
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

/**
 * What is due before the look at test: a person's word on proposed criteria, and other kinds of model. Nothing where the
 * best of a comparison was not measured.
 */
export function beforeLook(
  workspace: Workspace,
  index: Index,
  increment: IncrementRef | undefined,
  best: RunSummary | undefined,
): NextStep[] {
  if (!increment || (best && !isMeasured(best))) return []
  return [
    ...confirmationStep(workspace, increment),
    ...moreCandidates(increment.id, measuredNames(index, increment.id)),
  ]
}

export function isMeasured({ metrics }: RunSummary): boolean {
  return metrics.some(({ source }) => source === 'measured')
}

/** Of an increment of thousands of runs, enough to tell. */
function measuredNames(index: Index, increment: string): string[] {
  return index.driver
    .all(
      `SELECT name FROM runs WHERE increment = ? AND state = 'succeeded' AND baseline IS NULL AND aside IS NULL
       AND EXISTS (SELECT 1 FROM metrics WHERE metrics.run = runs.run AND metrics.source = 'measured') LIMIT 200`,
      [increment],
    )
    .map(({ name }) => String(name))
}
