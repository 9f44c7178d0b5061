import { userInfo } from 'node:os'
import { Refusal } from '../../core/errors.ts'
import { appendEvent } from '../../evidence/ledger.ts'
import { setSignOff, takeProposedMarks } from '../../increments/describe.ts'
import { type JudgedVerdict, NOT_WAIVABLE } from '../../increments/gates.ts'
import { type IncrementRef, readSpec } from '../../increments/load.ts'
import { isClosed } from '../../increments/metadata.ts'
import type { Workspace } from '../../store/workspace.ts'
import { criteriaSha256 } from './ledger-decisions.ts'

/** What a person can approve: the criteria as they stand in spec.md, or that one check is let be. */
export type Approvable = { kind: 'criteria' } | { kind: 'waiver'; check: string; reason: string }

/** These are not waived: the criteria that they are about are approved. */
export const ABOUT_CRITERIA: ReadonlySet<string> = new Set([
  'criteria.confirmed',
  'criteria.unchanged',
  'sign_off',
])

/** Writes what a person approved into the ledger, under the name of the account that this program runs as. */
export async function recordApproval(
  workspace: Workspace,
  increment: IncrementRef,
  approved: Approvable,
  via: 'terminal' | 'elicitation',
): Promise<void> {
  const { ml } = readSpec(increment).front
  const by = userInfo().username
  await appendEvent(workspace, 'approval.given', {
    increment: increment.id,
    ...approved,
    ...(approved.kind === 'criteria' ? { criteria_sha256: criteriaSha256(ml.success, ml.baseline) } : {}),
    by,
    via,
  })
  if (approved.kind !== 'criteria') return
  if (workspace.config.sign_off) setSignOff(increment, { by, at: new Date().toISOString() })
  if (isClosed(increment.status)) return
  try {
    takeProposedMarks(increment)
  } catch {
    // The approval stands, whatever front matter such as one with aliases lets us do to the mark.
  }
}

/** @throws Refusal INPUT_INVALID where there is no such check, or nobody may waive it. */
export function requireWaivable(verdict: JudgedVerdict, id: string, field: string): void {
  const check = verdict.checks.find((one) => one.id === id)
  if (check && !NOT_WAIVABLE.has(id)) return
  const open = verdict.checks
    .filter((one) => one.status !== 'pass' && !NOT_WAIVABLE.has(one.id))
    .map((one) => one.id)
  throw new Refusal(
    'INPUT_INVALID',
    check
      ? `${id} cannot be waived: without it there is nothing measured to stand on.`
      : `No check is called ${id}.`,
    {
      invalid: [{ field, problem: open.length > 0 ? `one of ${open.join(', ')}` : 'nothing is open' }],
    },
  )
}
