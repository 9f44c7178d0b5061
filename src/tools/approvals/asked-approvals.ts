import { Refusal } from '../../core/errors.ts'
import type { JudgedVerdict } from '../../increments/gates.ts'
import type { IncrementRef } from '../../increments/load.ts'
import type { Workspace } from '../../store/workspace.ts'
import type { PersonQuestion, ToolContext } from '../context.ts'
import { ABOUT_CRITERIA, recordApproval, requireWaivable } from './approvals.ts'
import { patience, waiting, waitingKey } from './waiting-approvals.ts'

/**
 * Asks the person at the client about each check in turn, for at most 40 s of this call. A later answer still counts: it
 * is written into the ledger when it comes, and until then the check waits for it.
 * @throws Refusal INPUT_INVALID, TERMINAL_REQUIRED where the client cannot ask
 */
export async function askApprovals(
  workspace: Workspace,
  increment: IncrementRef,
  verdict: JudgedVerdict,
  checks: readonly string[],
  context: ToolContext,
): Promise<void> {
  for (const check of checks) if (!ABOUT_CRITERIA.has(check)) requireWaivable(verdict, check, 'ask')
  const open = checks.filter((check) => {
    const found = verdict.checks.find(({ id }) => id === check)
    // What passes with a warning that a person could lift may be asked about too.
    return (
      found &&
      (found.status !== 'pass' || (ABOUT_CRITERIA.has(check) && found.next)) &&
      found.status !== 'waived'
    )
  })
  const fresh = open.filter((check) => !waiting.has(waitingKey(workspace, increment.id, check)))
  if (fresh.length === 0) return
  const { askPerson } = context
  if (!askPerson) throw cannotAsk(increment.id, fresh[0]!)
  for (const check of fresh) waiting.add(waitingKey(workspace, increment.id, check))
  const asking = (async () => {
    for (const check of fresh) {
      try {
        await askOne(workspace, increment, verdict, check, askPerson)
      } catch {
        // A client that went away answers nothing: nothing was approved.
      } finally {
        waiting.delete(waitingKey(workspace, increment.id, check))
      }
    }
  })()
  await Promise.race([asking, patience(context.signal)])
}

async function askOne(
  workspace: Workspace,
  increment: IncrementRef,
  verdict: JudgedVerdict,
  check: string,
  askPerson: NonNullable<ToolContext['askPerson']>,
): Promise<void> {
  const aboutCriteria = ABOUT_CRITERIA.has(check)
  const answer = await askPerson(question(increment, verdict, check, aboutCriteria))
  const reason = answer?.reason?.trim() ?? ''
  if (!answer?.yes || (!aboutCriteria && reason === '')) return
  const approved = aboutCriteria
    ? ({ kind: 'criteria' } as const)
    : ({ kind: 'waiver', check, reason } as const)
  await recordApproval(workspace, increment, approved, 'elicitation')
}

function question(
  increment: IncrementRef,
  verdict: JudgedVerdict,
  check: string,
  aboutCriteria: boolean,
): PersonQuestion {
  const found = verdict.checks.find(({ id }) => id === check)
  const asked = aboutCriteria
    ? 'Approve the criteria as they stand in spec.md?'
    : 'Let this be? A waiver needs your reason, and stays visible in every document.'
  return {
    message: `${increment.folder}, ${check}: ${found?.message ?? ''}\n${asked}`,
    reason: !aboutCriteria,
  }
}

function cannotAsk(increment: string, check: string): Refusal {
  const words = ABOUT_CRITERIA.has(check) ? '' : ` --waive ${check} --reason "..."`
  return new Refusal('TERMINAL_REQUIRED', 'This client offers no way to ask a person (elicitation).', {
    next: [
      {
        person: `specweave-ml approve ${increment}${words}`,
        why: 'a person decides, in a terminal of their own',
      },
    ],
  })
}
