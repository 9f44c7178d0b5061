import type { Check, Verdict } from '../core/criterion.ts'
import { baselineChecks } from './baseline-checks.ts'
import { controlChecks } from './control-checks.ts'
import { criterionChecks } from './criterion-checks.ts'
import { ownEvaluatorChecks } from './custom-evaluator-checks.ts'
import type { GateFacts } from './gate-facts.ts'
import { labCodeChecks } from './lab-code-check.ts'
import { dataChecks } from './leakage-checks.ts'
import { readsChecks } from './reads-checks.ts'
import { recordChecks } from './record-checks.ts'
import { reproductionChecks } from './reproduction-checks.ts'
import { signOffChecks } from './sign-off-check.ts'
import { warningsOf } from './warning-checks.ts'

/** Without these there is no measured, sealed number to stand on, so that no person can wave them through. */
export const NOT_WAIVABLE: ReadonlySet<string> = new Set([
  'dataset.registered',
  'runs.recorded',
  'test.looked',
  'evidence.intact',
  'evaluator.code',
  'evaluator.own',
  'ledger.intact',
])

/** A verdict with what it does not block on. */
export interface JudgedVerdict extends Verdict {
  warnings: string[]
}

/**
 * Judges one candidate by measured numbers only. Any failed check makes the verdict `fail`; any that is missing or waits
 * for a person makes it `incomplete`; a pass needs a criterion that was measured on the sealed test set.
 */
export function judge(facts: GateFacts): JudgedVerdict {
  const { warnings, checks: warned } = warningsOf(facts)
  const checks = [
    ...recordChecks(facts),
    ...signOffChecks(facts),
    ...readsChecks(facts),
    ...dataChecks(facts),
    ...labCodeChecks(facts),
    ...ownEvaluatorChecks(facts),
    ...controlChecks(facts),
    ...reproductionChecks(facts),
    ...criterionChecks(facts),
    ...baselineChecks(facts),
    ...warned,
  ].map((check) => withApproval(check, facts))
  return {
    verdict: verdictOf(checks),
    ...(facts.candidate ? { candidate: facts.candidate.run } : {}),
    checks,
    warnings,
  }
}

function verdictOf(checks: readonly Check[]): Verdict['verdict'] {
  if (checks.some(({ status }) => status === 'fail')) return 'fail'
  return checks.every(({ status }) => status === 'pass' || status === 'waived') ? 'pass' : 'incomplete'
}

function withApproval(check: Check, facts: GateFacts): Check {
  if (check.status === 'pass' || NOT_WAIVABLE.has(check.id)) return check
  const waiver = facts.waivers.find((each) => each.check === check.id)
  if (waiver) {
    const { next: _, ...kept } = check
    return {
      ...kept,
      status: 'waived',
      message: `waived by ${waiver.by} (${waiver.via}, ${waiver.at}): ${waiver.reason}. Without the waiver: ${check.status}: ${check.message}`,
    }
  }
  if (facts.pendingApprovals.includes(check.id))
    return {
      ...check,
      status: 'pending_approval',
      message: `${check.message} A person was asked to waive it and has not answered yet.`,
    }
  return check
}
