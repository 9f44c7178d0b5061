import type { BaselineRule, Criterion } from '../core/criterion.ts'
import { findMeasured } from '../core/measurement.ts'
import type { RunSummary } from '../core/run-summary.ts'
import { directionOf } from './criteria-set.ts'
import { baselineSentence } from './criteria-text.ts'
import type { Pending } from './dataset-pending.ts'
import { liftTarget, show } from './lift.ts'

export function baselinesPending({ number, name, inputs }: Pending, rule: BaselineRule): string {
  return `Not run yet. \`run_baselines {"increment":"${number}"}\` measures what is reached without learning from the input (${inputs}); then the values stand here with the target of ${name}: ${baselineSentence(rule)}.`
}

/** The measured values of the baselines on validation, and the target that follows from them. */
export function baselinesText(
  baselines: readonly RunSummary[],
  criteria: readonly Criterion[],
  rule: BaselineRule | null,
): string {
  const latest = latestByStrategy(baselines)
  const names = metricsToShow(latest, criteria, rule)
  const rows = latest.map((run) => {
    const values = names.map((name) => {
      const measured = findMeasured(run.metrics, name, 'validation')
      return measured
        ? `${show(measured.value)}${measured.ci ? ` (${show(measured.ci[0])} to ${show(measured.ci[1])})` : ''}`
        : 'not measured'
    })
    return `| ${run.baseline} | \`${run.run}\` | ${values.join(' | ')} |`
  })
  return [
    'Measured on validation, with 95 % intervals where the lab gives them. Their values on the sealed test set are shown only together with a candidate’s.',
    '',
    `| baseline | run |${names.map((name) => ` ${name} |`).join('')}`,
    `|---|---|${names.map(() => '---|').join('')}`,
    ...rows,
    ...targetLines(latest, criteria, rule),
  ].join('\n')
}

function latestByStrategy(baselines: readonly RunSummary[]): RunSummary[] {
  const byStrategy = new Map<string, RunSummary>()
  for (const run of baselines)
    if (run.baseline && run.state === 'succeeded') byStrategy.set(run.baseline, run)
  return [...byStrategy.values()].sort((a, b) => a.run.localeCompare(b.run))
}

/** Those that are asked for first, then what else was measured, six at most. */
function metricsToShow(
  runs: readonly RunSummary[],
  criteria: readonly Criterion[],
  rule: BaselineRule | null,
): string[] {
  const measured = new Set(
    runs.flatMap(({ metrics }) =>
      metrics.filter((m) => m.source === 'measured' && m.split === 'validation').map((m) => m.name),
    ),
  )
  const asked = [...(rule ? [rule.metric] : []), ...criteria.map(({ metric }) => metric)]
  return [...new Set([...asked.filter((name) => measured.has(name)), ...measured])].slice(0, 6)
}

function targetLines(
  runs: readonly RunSummary[],
  criteria: readonly Criterion[],
  rule: BaselineRule | null,
): string[] {
  if (!rule) return []
  const direction = directionOf(criteria, rule.metric)
  const values = runs
    .filter(({ baseline }) => rule.over === 'best' || baseline === rule.over)
    .flatMap((run) => {
      const value = findMeasured(run.metrics, rule.metric, 'validation')?.value
      return value === undefined ? [] : [{ run, value }]
    })
    .sort((a, b) => (direction === 'maximize' ? b.value - a.value : a.value - b.value))
  const [best] = values
  if (!best)
    return [
      '',
      `Asked: ${baselineSentence(rule)}; \`${rule.metric}\` of the baselines is not measured, so there is no target yet.`,
    ]
  const { target, how, impossible } = liftTarget(rule.metric, best.value, rule.lift, direction)
  return [
    '',
    `Asked: ${baselineSentence(rule)}. On validation that is ${rule.metric} ${direction === 'maximize' ? 'of at least' : 'of at most'} **${show(target)}** = ${how} over \`${best.run.baseline}\`.${impossible ? ' No model can reach it; ask for a smaller lift.' : ''} The gate does the same sum on the sealed test set.`,
  ]
}
