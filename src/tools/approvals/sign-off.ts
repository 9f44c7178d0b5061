import { Refusal } from '../../core/errors.ts'
import { readLedger } from '../../evidence/ledger.ts'
import { asked } from '../../increments/criterion-checks.ts'
import { readSpec, resolveIncrement } from '../../increments/load.ts'
import type { Workspace } from '../../store/workspace.ts'
import type { ToolContext } from '../context.ts'
import { recordApproval } from './approvals.ts'
import { criteriaConfirmed } from './ledger-decisions.ts'
import { patience, waiting, waitingKey } from './waiting-approvals.ts'

/**
 * Where ml.yaml asks for it, nothing is trained before a person has approved the criteria as they stand. The person at
 * the client is asked where the client can.
 * @throws Refusal SIGN_OFF_MISSING
 */
export async function requireSignOff(workspace: Workspace, id: string, context: ToolContext): Promise<void> {
  const increment = resolveIncrement(workspace, id)
  const { ml } = readSpec(increment).front
  const given = () => criteriaConfirmed(readLedger(workspace), id, ml.success, ml.baseline)
  if (given()) return
  const key = waitingKey(workspace, id, 'sign_off')
  const { askPerson } = context
  if (askPerson && !waiting.has(key)) {
    waiting.add(key)
    const criteria = ml.success.map(asked).join(', ') || 'none'
    const message = `${increment.folder} is to be trained. Its criteria: ${criteria}. Approve them?`
    const asking = askPerson({ message, reason: false })
      .then((answer) =>
        answer?.yes ? recordApproval(workspace, increment, { kind: 'criteria' }, 'elicitation') : undefined,
      )
      // A client that went away answers nothing: nothing was approved.
      .catch(() => {})
      .finally(() => waiting.delete(key))
    await Promise.race([asking, patience(context.signal)])
    if (given()) return
  }
  throw new Refusal(
    'SIGN_OFF_MISSING',
    waiting.has(key)
      ? `A person was asked to approve the criteria of ${id} and has not answered yet. Nothing was started; call again later.`
      : `ml.yaml asks for a sign-off: a person has to approve the criteria of ${id} before it is trained. Nothing was started.`,
    {
      next: [
        {
          person: `specweave-ml approve ${id}`,
          why: 'a person approves the criteria, in a terminal of their own',
        },
      ],
    },
  )
}
