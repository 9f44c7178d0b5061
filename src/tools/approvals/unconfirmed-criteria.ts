import type { NextStep } from '../../core/errors.ts'
import { readLedger } from '../../evidence/ledger.ts'
import { type IncrementRef, readSpec } from '../../increments/load.ts'
import type { Workspace } from '../../store/workspace.ts'
import { criteriaConfirmed, criteriaProposal } from './ledger-decisions.ts'

/** The command with which a person confirms criteria that were proposed; nothing where they were given, or confirmed. */
export function confirmationStep(workspace: Workspace, increment: IncrementRef): NextStep[] {
  const { success, baseline } = readSpec(increment).front.ml
  const ledger = readLedger(workspace)
  const wereProposed =
    success.some(({ proposed }) => proposed) ||
    criteriaProposal(ledger, increment.id, success, baseline) !== undefined
  if (!wereProposed || criteriaConfirmed(ledger, increment.id, success, baseline)) return []
  return [
    {
      person: `specweave-ml approve ${increment.id}`,
      why: 'a person confirms the proposed criteria; the first look fixes them, so before it',
    },
  ]
}
