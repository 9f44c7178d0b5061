import { createHash } from 'node:crypto'
import { canonicalJson } from '../core/canonical-json.ts'
import type { BaselineRule, Criterion } from '../core/criterion.ts'
import type { Ledger } from '../evidence/ledger.ts'
import { askedLift } from '../increments/baseline-checks.ts'
import { asked, criterionId } from '../increments/criterion-checks.ts'
import type { SignOff, Waiver } from '../increments/gate-facts.ts'

/** `data` of an `approval.given` line. */
export type Approval =
  | { increment: string; kind: 'criteria'; criteria_sha256: string; by: string; via: string }
  | { increment: string; kind: 'waiver'; check: string; reason: string; by: string; via: string }

/** What is asked for, without the mark that it is a proposal. */
export function criteriaSha256(criteria: readonly Criterion[], rule: BaselineRule | null): string {
  const asked = criteria.map(({ metric, op, value, split }) => ({ metric, op, value, split }))
  return createHash('sha256').update(canonicalJson({ asked, rule })).digest('hex')
}

function approvals(ledger: Ledger, increment: string): (Approval & { at: string })[] {
  return ledger.lines
    .filter((line) => line.event === 'approval.given' && line.verified && line.data.increment === increment)
    .map((line) => ({ ...(line.data as unknown as Approval), at: line.at }))
}

/** Whether a person confirmed these very criteria. */
export function criteriaConfirmed(
  ledger: Ledger,
  increment: string,
  criteria: readonly Criterion[],
  rule: BaselineRule | null,
): boolean {
  const wanted = criteriaSha256(criteria, rule)
  return approvals(ledger, increment).some((one) => one.kind === 'criteria' && one.criteria_sha256 === wanted)
}

/** The first time that a person approved criteria of the increment, whichever they were then. */
export function signedOff(ledger: Ledger, increment: string): SignOff | undefined {
  const first = approvals(ledger, increment).find((one) => one.kind === 'criteria')
  return first && { by: first.by, at: first.at, via: first.via }
}

export function waiversOf(ledger: Ledger, increment: string): Waiver[] {
  return approvals(ledger, increment).flatMap((one) =>
    one.kind === 'waiver'
      ? [{ check: one.check, reason: one.reason, by: one.by, at: one.at, via: one.via }]
      : [],
  )
}

/** The budget of looks is fixed at the first look too. */
export function frozenLooks(ledger: Ledger, increment: string): number | undefined {
  const frozen = ledger.lines.find(
    (line) => line.event === 'criteria.frozen' && line.verified && line.data.increment === increment,
  )
  return typeof frozen?.data.looks === 'number' ? frozen.data.looks : undefined
}

/** By check id: what was asked when the first look froze the criteria, for each that is another now. */
export function frozenCriteria(
  ledger: Ledger,
  increment: string,
  criteria: readonly Criterion[],
  rule: BaselineRule | null,
): Record<string, string> {
  const frozen = ledger.lines.find(
    (line) => line.event === 'criteria.frozen' && line.verified && line.data.increment === increment,
  )
  const then = (frozen?.data.success ?? []) as Criterion[]
  const lift = (frozen?.data.baseline ?? null) as BaselineRule | null
  return Object.fromEntries([
    ...(lift && (!rule || askedLift(rule) !== askedLift(lift)) ? [['baseline.lift', askedLift(lift)]] : []),
    ...then.flatMap((before) => {
      const now = criteria.find(({ metric, split }) => metric === before.metric && split === before.split)
      if (now && now.op === before.op && now.value === before.value) return []
      return [[criterionId(before), asked(before)]]
    }),
  ])
}
