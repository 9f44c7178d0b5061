import type { Verdict } from '../core/criterion.ts'
import { type NextStep, Refusal } from '../core/errors.ts'
import type { IncrementStatus } from './metadata.ts'
import { waitFor } from './under-way.ts'

export interface CompletionFacts {
  increment: string
  status: IncrementStatus
  verdict: Verdict
  /** Runs and jobs that will say more of the candidate, and have not ended. */
  underWay?: readonly string[]
  /** Asked for; without it a passing validation closes and anything else is refused. */
  outcome?: 'passed' | 'not_passed'
  reason?: string
  /** The SpecWeave engine does the closing (engine.ts). */
  engineInUse: boolean
}

export interface Completion {
  status: 'completed' | 'abandoned' | 'ready_for_review'
  passed: boolean
  /** Of COMPLETION-SUMMARY.md. */
  heading: 'PASSED' | 'NOT PASSED'
  reason?: string
  /** What the closing does not do, and who does. */
  note?: string
}

/** @throws Refusal INCREMENT_CLOSED */
export function refuseClosed(increment: string, status: IncrementStatus): void {
  if (status !== 'completed' && status !== 'abandoned') return
  throw new Refusal('INCREMENT_CLOSED', `Increment ${increment} is ${status} already; nothing was changed.`, {
    next: [{ tool: 'get_increment', arguments: { increment }, why: 'shows how it ended' }],
  })
}

/** A record that is closed meanwhile would say for good that nobody knows. @throws Refusal RUN_NOT_FINISHED */
function refuseUnfinished(increment: string, runs: readonly string[]): void {
  if (runs.length === 0) return
  const wait = waitFor(runs)
  throw new Refusal(
    'RUN_NOT_FINISHED',
    `Increment ${increment} cannot be completed yet: ${runs.join(', ')} ${runs.length === 1 ? 'is' : 'are'} still under way, and what comes of it belongs to the record of the candidate. Nothing was changed.`,
    {
      next: [
        wait,
        ...runs.map((run) => ({
          tool: 'stop_run',
          arguments: { run },
          why: 'ends it without a result, where nobody wants to wait; the record then says so',
        })),
      ],
    },
  )
}

/**
 * What an increment's end is.
 * @throws Refusal INCREMENT_CLOSED, RUN_NOT_FINISHED, VALIDATION_NOT_PASSED (with the failed checks), INPUT_INVALID
 */
export function decideCompletion(facts: CompletionFacts): Completion {
  const { increment, verdict } = facts
  refuseClosed(increment, facts.status)
  refuseUnfinished(increment, facts.underWay ?? [])
  if (facts.outcome === 'not_passed') return notPassed(facts)
  if (verdict.verdict !== 'pass') throw refuseUnpassed(increment, verdict)
  if (facts.engineInUse)
    return {
      status: 'ready_for_review',
      passed: true,
      heading: 'PASSED',
      note: 'This project uses the SpecWeave engine, which closes increments through gates of its own: run its `specweave complete`.',
    }
  return { status: 'completed', passed: true, heading: 'PASSED' }
}

function notPassed(facts: CompletionFacts): Completion {
  requireReason(facts)
  return {
    status: 'abandoned',
    passed: false,
    heading: 'NOT PASSED',
    reason: facts.reason?.trim(),
  }
}

/**
 * An end without a pass cannot be taken back, and nothing is learned from one that nobody explained.
 * @throws Refusal INPUT_INVALID
 */
export function requireReason({
  increment,
  outcome,
  reason,
}: Pick<CompletionFacts, 'increment' | 'outcome' | 'reason'>): void {
  if (outcome !== 'not_passed' || reason?.trim()) return
  throw new Refusal(
    'INPUT_INVALID',
    `To end ${increment} as not passed, say in "reason" what was tried and what was learned. It comes to stand in the summary, the runbook and the ledger, and later increments are shown it; the end cannot be taken back. Nothing was changed.`,
    {
      missing: ['reason'],
      next: [
        {
          tool: 'get_increment',
          arguments: { increment },
          why: 'shows what was tried, how it came out and what is missing: the reason is made of that',
        },
      ],
    },
  )
}

function refuseUnpassed(increment: string, verdict: Verdict): Refusal {
  const open = openChecks(verdict)
  const shown = open.slice(0, 8)
  const more = open.length > shown.length ? ` and ${open.length - shown.length} more` : ''
  const asked = shown.flatMap((check) => (check.next ? [check.next] : []))
  const sameCall = (step: NextStep) =>
    JSON.stringify('tool' in step ? [step.tool, step.arguments] : step.person)
  const steps = [...new Map(asked.map((step) => [sameCall(step), step])).values()].slice(0, 3)
  return new Refusal(
    'VALIDATION_NOT_PASSED',
    `Increment ${increment} cannot be completed as passed: its validation is "${verdict.verdict}". ${shown
      .map((check) => `${check.id} (${check.status}): ${check.message}`)
      .join(' ')}${more}`,
    {
      missing: open.filter((check) => check.status !== 'fail').map((check) => check.id),
      invalid: open
        .filter((check) => check.status === 'fail')
        .map((check) => ({ field: check.id, problem: check.message })),
      next: [
        ...steps,
        {
          tool: 'complete_increment',
          arguments: { increment, outcome: 'not_passed', reason: 'what was tried and what was learned' },
          why: 'ends it honestly without a pass; needs nobody’s approval',
        },
      ],
    },
  )
}

function openChecks(verdict: Verdict): Verdict['checks'] {
  return verdict.checks.filter((check) => check.status !== 'pass' && check.status !== 'waived')
}
