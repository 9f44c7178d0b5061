import type { Check } from '../core/criterion.ts'
import type { NextStep } from '../core/errors.ts'
import { NOT_WAIVABLE } from './gates.ts'

/** What a model did not reach, by the id of the check; all else can be mended. */
const OF_THE_MODEL = /^(?:criterion|baseline)\./

/** The command with which a person lets the first thing be that the model did not reach. */
export function waiverStep(increment: string, checks: readonly Check[]): NextStep[] {
  const failed = checks.find(
    ({ id, status }) => status === 'fail' && OF_THE_MODEL.test(id) && !NOT_WAIVABLE.has(id),
  )
  if (!failed) return []
  return [
    {
      person: `specweave-ml approve ${increment} --waive ${failed.id} --reason "..."`,
      why: 'a person may accept the model without it; that and the reason stay visible',
    },
  ]
}
