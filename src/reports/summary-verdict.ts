import type { Check, CheckStatus } from '../core/criterion.ts'
import { isJudgeable } from '../core/judgeability.ts'
import { bullets, code, inline } from './markdown-text.ts'
import {
  digitsAgainst,
  digitsApart,
  formatDifference,
  formatInterval,
  formatNumber,
} from './number-format.ts'
import type { SummaryFacts } from './summary-facts.ts'
import { table } from './table.ts'

const STATUS_WORDS: Readonly<Record<CheckStatus, string>> = {
  pass: '✅ pass',
  fail: '❌ fail',
  missing: '⬜ missing',
  waived: '➖ waived',
  pending_approval: '⬜ waits for a person',
}

const UNSURE = '⚠️ pass: the interval reaches across the value asked'

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
      `${before && before !== check.asked ? `${asked} (at the first look: ${inline(before)})` : asked}${liftAsked(check)}`,
      `${measuredText(check)}${check.measured ? mark : ''}${liftFound(check)}`,
      check.reported === undefined ? '' : formatNumber(check.reported),
      check.status === 'pass' && check.measured?.unsure ? UNSURE : STATUS_WORDS[check.status],
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

/** What a reviewer has to weigh: each check that did not plainly pass, and how many did. */
export function openChecks(checks: readonly Check[]): string | undefined {
  const passed = checks.filter(isPlainPass).length
  const others =
    passed > 0
      ? [
          `${STATUS_WORDS.pass}: ${passed} ${passed === 1 ? 'check' : 'checks'} beside the table, each listed at the end`,
        ]
      : []
  const lines = [
    ...checks.filter((check) => !isPlainPass(check) && !isShownInTable(check)).map(checkLine),
    ...others,
  ]
  return lines.length > 0 ? bullets(lines) : undefined
}

/** Those of {@link openChecks}'s count, one by one. */
export function passedChecks(checks: readonly Check[]): string[] {
  return checks.filter(isPlainPass).map(checkLine)
}

function checkLine({ id, status, message, evidence }: Check): string {
  const proof = evidence ? ` (${code(evidence)})` : ''
  return `${markOf(status, message)} ${inline(id, 80)}: ${inline(message, 500)}${proof}`
}

function isPlainPass(check: Check): boolean {
  return !isCriterion(check) && markOf(check.status, check.message) === STATUS_WORDS.pass
}

function isShownInTable(check: Check): boolean {
  return isCriterion(check) && check.status === 'pass'
}

/** A check that passes because it does not block has not shown what a tick says. */
function markOf(status: CheckStatus, message: string): string {
  if (status !== 'pass') return STATUS_WORDS[status]
  if (message.startsWith('warning, not blocking')) return '⚠️ warning'
  if (message.startsWith('changed after the first look')) return '⚠️ approved by a person'
  if (/^(?:not done|running), not blocking/.test(message)) return '⬜ not done'
  return STATUS_WORDS.pass
}

function isCriterion(check: Check): boolean {
  return check.asked !== undefined || check.measured !== undefined
}

/** `: target 0.741, set by the baseline rule-based with 0.676` */
function liftAsked({ lift, measured }: Check): string {
  if (!lift) return ''
  const digits = digitsApart(lift.target, measured?.value ?? Number.NaN)
  return `: target ${formatNumber(lift.target, digits)}, set by the baseline ${inline(lift.baseline, 60)} with ${formatNumber(lift.baselineValue)}`
}

/** `; measured - target 0.183 [0.140, 0.222], 95 %, paired` */
function liftFound({ lift, status }: Check): string {
  if (!lift) return ''
  const { over } = lift
  if (!over)
    return status === 'missing'
      ? '; measured - target: no interval yet'
      : '; the value alone decided: there is no interval of measured - target'
  return `; measured - target ${formatDifference(over.difference, over.ci)}, ${Number((over.confidence * 100).toPrecision(4))} %, paired`
}

/** Enough digits that a value that fails by a hair does not look like the limit itself. */
function measuredText({ measured, asked, lift }: Check): string {
  if (!measured) return 'not measured'
  const limit = Number(/(-?\d+(?:\.\d+)?(?:e[-+]?\d+)?)\D*$/i.exec(asked ?? '')?.[1])
  const digits = lift ? digitsApart(measured.value, lift.target) : digitsAgainst(measured.value, limit)
  const { value, ci, grade, repeated } = measured
  return [
    formatInterval(value, ci, digits),
    ...(grade ? [grade] : []),
    ...(repeated ? [`(${inline(repeated, 300)})`] : []),
  ].join(' ')
}
