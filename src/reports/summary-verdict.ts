import type { Check, CheckStatus } from '../core/criterion.ts'
import { isJudgeable } from '../core/judgeability.ts'
import { bullets, code, inline } from './markdown-text.ts'
import { digitsAgainst, formatInterval, formatNumber } from './number-format.ts'
import type { SummaryFacts, Waiver } from './summary-facts.ts'
import { table } from './table.ts'

const STATUS_WORDS: Readonly<Record<CheckStatus, string>> = {
  pass: '✅ pass',
  fail: '❌ fail',
  missing: '⬜ missing',
  waived: '➖ waived',
  pending_approval: '⬜ waits for a person',
}

/** criterion | asked (as created, if changed) | measured, interval, grade | reported | check */
export function criteriaTable({
  verdict,
  askedBefore = {},
  runs,
}: Pick<SummaryFacts, 'verdict' | 'askedBefore' | 'runs'>): string | undefined {
  const judged = runs.find(({ run }) => run === verdict.candidate)
  const mark = judged && !isJudgeable(judged) ? ' (not judgeable)' : ''
  const rows = verdict.checks.filter(isCriterion).map((check) => {
    const before = Object.hasOwn(askedBefore, check.id) ? askedBefore[check.id] : undefined
    const asked = check.asked === undefined ? '' : inline(check.asked)
    return [
      inline(check.id, 80),
      before && before !== check.asked ? `${asked} (at the first look: ${inline(before)})` : asked,
      `${measuredText(check)}${check.measured ? mark : ''}`,
      check.reported === undefined ? '' : formatNumber(check.reported),
      STATUS_WORDS[check.status],
    ]
  })
  const known = new Set(verdict.checks.map(({ id }) => id))
  for (const [id, before] of Object.entries(askedBefore)) {
    if (!known.has(id))
      rows.push([inline(id, 80), `removed (was: ${inline(before)})`, '', '', '⬜ not judged'])
  }
  if (rows.length === 0) return undefined
  const columns = ['Criterion', 'Asked', 'Measured', 'Reported', 'Check'].map((title) => ({ title }))
  return table(columns, rows)
}

/** The checks that are no numbers, and why a criterion did not pass. */
export function otherChecks(checks: readonly Check[]): string | undefined {
  const lines = checks
    .filter((check) => !isCriterion(check) || check.status !== 'pass')
    .map(({ id, status, message, evidence }) => {
      const proof = evidence ? ` (${code(evidence)})` : ''
      return `${markOf(status, message)} ${inline(id, 80)}: ${inline(message, 500)}${proof}`
    })
  return lines.length > 0 ? bullets(lines) : undefined
}

/** A check that passes because it does not block has not shown what a tick says. */
function markOf(status: CheckStatus, message: string): string {
  if (status !== 'pass') return STATUS_WORDS[status]
  if (message.startsWith('warning, not blocking')) return '⚠️ warning'
  if (/^(?:not done|running), not blocking/.test(message)) return '⬜ not done'
  return STATUS_WORDS.pass
}

export function waiverLines(waivers: readonly Waiver[]): string[] {
  return waivers.map(({ check, reason, by, at, via }) => {
    const where = via ? `, ${inline(via, 40)}` : ''
    return `Waived: ${inline(check, 80)}, by ${inline(by, 80)} on ${inline(at, 30)}${where}: ${inline(reason, 500)}`
  })
}

function isCriterion(check: Check): boolean {
  return check.asked !== undefined || check.measured !== undefined
}

/** Enough digits that a value that fails by a hair does not look like the limit itself. */
function measuredText({ measured, asked }: Check): string {
  if (!measured) return 'not measured'
  const limit = Number(/(-?\d+(?:\.\d+)?(?:e[-+]?\d+)?)\D*$/i.exec(asked ?? '')?.[1])
  return `${formatInterval(measured.value, measured.ci, digitsAgainst(measured.value, limit))} ${measured.grade ?? ''}`.trim()
}
