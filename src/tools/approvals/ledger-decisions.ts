import { createHash } from 'node:crypto'
import { canonicalJson } from '../../core/canonical-json.ts'
import type { CriteriaChange, CriterionChange } from '../../core/criteria-change.ts'
import type { CriteriaProposal } from '../../core/criteria-proposal.ts'
import type { BaselineRule, Criterion } from '../../core/criterion.ts'
import type { Ledger, LedgerLine } from '../../evidence/ledger.ts'
import { askedLift } from '../../increments/baseline-checks.ts'
import { asked, criterionId } from '../../increments/criterion-checks.ts'
import type { SignOff, Waiver } from '../../increments/gate-facts.ts'

/** `data` of an `approval.given` line. */
export type Approval =
  | { increment: string; kind: 'criteria'; criteria_sha256: string; by: string; via: string }
  | { increment: string; kind: 'waiver'; check: string; reason: string; by: string; via: string }

/** What is asked for, without the mark that it is a proposal. */
export function criteriaSha256(criteria: readonly Criterion[], rule: BaselineRule | null): string {
  const asked = criteria.map(({ metric, op, value, split }) => ({ metric, op, value, split }))
  return createHash('sha256').update(canonicalJson({ asked, rule })).digest('hex')
}

function approvals(ledger: Ledger, increment: string): (Approval & { at: string; line: LedgerLine })[] {
  return ledger.lines
    .filter((line) => line.event === 'approval.given' && line.verified && line.data.increment === increment)
    .map((line) => ({ ...(line.data as unknown as Approval), at: line.at, line }))
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

/** What was proposed when the increment was created; nothing where its criteria were given, or it is older than the line. */
export function criteriaProposal(
  ledger: Ledger,
  increment: string,
  criteria: readonly Criterion[],
  rule: BaselineRule | null,
): CriteriaProposal | undefined {
  const line = ledger.lines.find(
    ({ event, verified, data }) => event === 'criteria.proposed' && verified && data.increment === increment,
  )
  if (!line) return undefined
  const wanted = criteriaSha256(criteria, rule)
  const given = approvals(ledger, increment).filter((one) => one.kind === 'criteria')
  const confirmed = given.find((one) => one.criteria_sha256 === wanted)
  const earlier = confirmed ? undefined : given.at(-1)
  return {
    proposed: ((line.data.success ?? []) as Criterion[]).map(asked),
    marked: criteria.some(({ proposed }) => proposed),
    ...(confirmed ? { confirmed: { by: confirmed.by, at: confirmed.at, via: confirmed.via } } : {}),
    ...(earlier ? { earlier: { by: earlier.by, at: earlier.at, via: earlier.via } } : {}),
  }
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

/** What the first look fixed. */
function frozenLine(ledger: Ledger, increment: string): LedgerLine | undefined {
  return ledger.lines.find(
    (line) => line.event === 'criteria.frozen' && line.verified && line.data.increment === increment,
  )
}

/** The budget of looks is fixed at the first look too. */
export function frozenLooks(ledger: Ledger, increment: string): number | undefined {
  const looks = frozenLine(ledger, increment)?.data.looks
  return typeof looks === 'number' ? looks : undefined
}

/** And so is the candidate. */
export function frozenCandidate(ledger: Ledger, increment: string): string | undefined {
  const candidate = frozenLine(ledger, increment)?.data.candidate
  return typeof candidate === 'string' ? candidate : undefined
}

/**
 * Each criterion that is another now than when the first look froze it. Only an approval that was given after the look
 * counts for it: a person who approved before had not been told of a change.
 */
export function changeSinceLook(
  ledger: Ledger,
  increment: string,
  criteria: readonly Criterion[],
  rule: BaselineRule | null,
): CriteriaChange | undefined {
  const frozen = frozenLine(ledger, increment)
  const changes = frozen ? criteriaChanges(frozen, criteria, rule) : []
  if (!frozen || changes.length === 0) return undefined
  const wanted = criteriaSha256(criteria, rule)
  const approved = approvals(ledger, increment).find(
    (one) => one.kind === 'criteria' && one.criteria_sha256 === wanted && isLater(one.line, frozen),
  )
  return {
    changes,
    ...(approved ? { approved: { by: approved.by, at: approved.at, via: approved.via } } : {}),
  }
}

/** Of one chain by its order, whatever the clock did; else by time. */
function isLater(line: LedgerLine, than: LedgerLine): boolean {
  return line.key === than.key ? line.seq > than.seq : line.at >= than.at
}

function criteriaChanges(
  { data }: LedgerLine,
  criteria: readonly Criterion[],
  rule: BaselineRule | null,
): CriterionChange[] {
  const lift = (data.baseline ?? null) as BaselineRule | null
  const then = (data.success ?? []) as Criterion[]
  return [
    ...(lift && (!rule || askedLift(rule) !== askedLift(lift))
      ? [{ check: 'baseline.lift', before: askedLift(lift), ...(rule ? { now: askedLift(rule) } : {}) }]
      : []),
    ...then.flatMap((before) => {
      const same = criteria.filter(({ metric, split }) => metric === before.metric && split === before.split)
      if (same.some(({ op, value }) => op === before.op && value === before.value)) return []
      const [now] = same
      return [{ check: criterionId(before), before: asked(before), ...(now ? { now: asked(now) } : {}) }]
    }),
  ]
}
