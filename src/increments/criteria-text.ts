import type { BaselineRule, Criterion } from '../core/criterion.ts'
import { metricInfo, metricLevel } from '../core/metrics.ts'
import { directionOf } from './criteria-set.ts'
import { asked, criterionId } from './criterion-checks.ts'

/** `f1 >= 0.6` on test, `latency_p99_ms < 100` */
export function criteriaInline(criteria: readonly Criterion[]): string {
  return criteria
    .map(({ metric, op, value, split }) => `\`${metric} ${op} ${value}\`${split ? ` on ${split}` : ''}`)
    .join(', ')
}

/** What a metric is, in a few words; `undefined` for one that the lab does not know. */
export function metricMeaning(metric: string): string | undefined {
  const [base, k] = metric.split('@')
  if (k && base === 'precision') return `share of the first ${k} items that were right`
  if (k && base === 'recall') return `share of the right items that are among the first ${k}`
  const label = metricInfo(metric)?.label
  const level = metricLevel(metric)?.level
  if (label && level !== undefined) return `${label} (level ${level})`
  return label && k ? `${label}, over the first ${k} items` : label
}

/** f1, roc_auc and latency_p99_ms */
export function criteriaShort(criteria: readonly Criterion[]): string {
  const names = [...new Set(criteria.map(({ metric }) => metric))]
  return names.length < 2 ? (names[0] ?? '') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}

export function costCriteria(criteria: readonly Criterion[]): Criterion[] {
  return criteria.filter(({ metric }) => metricInfo(metric)?.family === 'cost')
}

export function baselineSentence(rule: BaselineRule | null): string {
  if (!rule) return 'no lift over a baseline is asked for'
  const percent = Math.round(rule.lift * 1000) / 10
  const over = rule.over === 'best' ? 'the best baseline' : `the ${rule.over} baseline`
  return `\`${rule.metric}\` ${percent} % better than ${over}`
}

/** The table of spec.md and tests.md: what is asked, what it means, where it is measured. */
export function criteriaTable(criteria: readonly Criterion[], rule: BaselineRule | null): string {
  const rows = criteria.map((criterion) => {
    const info = metricInfo(criterion.metric)
    const meaning = info
      ? `${metricMeaning(criterion.metric)}; ${info.direction === 'maximize' ? 'higher' : 'lower'} is better`
      : 'a metric of your own, measured where the data is registered with an evaluator for it'
    const where =
      info?.family === 'cost'
        ? 'of the saved model on the machine that evaluates it, no split'
        : criterion.split === 'test'
          ? 'sealed test set, one counted look'
          : `${criterion.split}, open`
    return `| \`${criterionId(criterion)}\` | ${asked(criterion)}${criterion.proposed ? ' (proposed)' : ''} | ${meaning} | ${where} |`
  })
  if (rule) {
    const better = directionOf(criteria, rule.metric) === 'maximize' ? 'above' : 'below'
    rows.push(
      `| \`baseline.lift\` | ${baselineSentence(rule).replaceAll('`', '')} | target ${better} the baseline's own value, by the lift rule | sealed test set, same rows |`,
    )
  }
  const notes = criteria.some(({ proposed }) => proposed)
    ? [
        '',
        'Rows marked "proposed" were filled in when the increment was created without success metrics. Change or keep their numbers in the front matter, and have a person confirm them on a terminal (`approve`); until then validation asks for it. Where `proposed: true` is removed instead, every document says that nobody confirmed them.',
      ]
    : []
  return ['| check | asked | meaning | measured |', '|---|---|---|---|', ...rows, ...notes].join('\n')
}
