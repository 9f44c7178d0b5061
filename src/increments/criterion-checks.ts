import type { Check, Criterion } from '../core/criterion.ts'
import type { NextStep } from '../core/errors.ts'
import { findMeasured, type Measurement } from '../core/measurement.ts'
import { isModelCost, metricInfo } from '../core/metrics.ts'
import type { RunSummary } from '../core/run-summary.ts'
import { isOfLabels, thresholdWords } from '../core/threshold.ts'
import { costJob, costNext, isUndecided, measureAgain, whyNoCost, withMachine } from './criterion-cost.ts'
import type { GateFacts } from './gate-facts.ts'
import { show } from './lift.ts'
import { waitFor } from './under-way.ts'

/** One check for each criterion, by the candidate's measured numbers. */
export function criterionChecks(facts: GateFacts): Check[] {
  return facts.criteria.map((criterion) => criterionCheck(criterion, facts))
}

/** `criterion.f1.test`; cost metrics have no split: `criterion.latency_p99_ms`. */
export function criterionId({ metric, split }: Criterion): string {
  return split ? `criterion.${metric}.${split}` : `criterion.${metric}`
}

/** `f1 >= 0.6 on test` */
export function asked({ metric, op, value, split }: Criterion): string {
  return `${metric} ${op} ${value}${split ? ` on ${split}` : ''}`
}

function criterionCheck(criterion: Criterion, facts: GateFacts): Check {
  const { candidate } = facts
  const base = { id: criterionId(criterion), asked: asked(criterion) }
  if (!candidate)
    return {
      ...base,
      status: 'missing',
      message: `${asked(criterion)}: there is no candidate to measure yet.`,
    }
  const reported = reportedValue(candidate, criterion)
  const withReported = reported === undefined ? base : { ...base, reported }
  const measured = measuredOf(candidate, criterion)
  if (!measured) {
    const notFinite = candidate.metrics.some(
      (m) => m.source === 'measured' && m.name === criterion.metric && m.split === criterion.split,
    )
    return {
      ...withReported,
      status: 'missing',
      message: `${asked(criterion)}: ${notFinite ? 'the measured value is not a finite number' : whyMissing(criterion, facts, candidate, reported)}.`,
      ...nextFor(criterion, facts, candidate),
    }
  }
  const holds = compare(measured.value, criterion)
  const cost = isModelCost(criterion.metric)
  const grade = cost ? undefined : criterion.split === 'test' ? 'sealed' : 'open'
  const interval = measured.ci ? `, 95 % interval ${show(measured.ci[0])} to ${show(measured.ci[1])}` : ''
  const unsure = measured.ci && holds && !bothEndsHold(measured.ci, criterion)
  const undecided =
    !holds && isUndecided(criterion, facts, (name) => findMeasured(candidate.metrics, name, undefined)?.value)
  const job = costJob(facts)
  const said = [
    `${asked(criterion)}: measured ${show(measured.value)}${interval}${criterion.split ? ` (${grade})` : ''}`,
    ...(holds ? [] : [`short by ${show(Math.abs(measured.value - criterion.value))}`]),
  ].join(', ')
  const more = [
    ...(unsure ? [REACHES_ACROSS] : []),
    ...(measured.repeated ? [measured.repeated] : []),
    ...(cost ? withMachine(facts) : []),
    ...(undecided
      ? [
          `other work can have made it so, so that it decides nothing${job ? `: ${job} measures it again` : ': measure it again'}`,
        ]
      : []),
  ]
  return {
    ...withReported,
    status: holds ? 'pass' : undecided ? 'missing' : 'fail',
    message: `${[said, ...more].join('; ')}.${byThreshold(candidate, criterion)}`,
    evidence: candidate.run,
    measured: {
      value: measured.value,
      ...(grade ? { grade } : {}),
      ...(measured.ci ? { ci: measured.ci } : {}),
      ...(measured.repeated ? { repeated: measured.repeated } : {}),
      ...(unsure ? { unsure } : {}),
    },
    ...(undecided ? { next: job ? waitFor([job]) : measureAgain(candidate.run) } : {}),
    ...(holds || undecided
      ? {}
      : {
          next: {
            tool: 'compare_runs',
            arguments: { increment: facts.increment, metric: criterion.metric },
            why: cost ? 'shows what other models cost' : 'shows what helped on validation so far',
          } as NextStep,
        }),
  }
}

/** Of a value that holds, while an end of its interval does not. */
const REACHES_ACROSS = 'the interval reaches across that value'

function byThreshold({ threshold }: RunSummary, { metric }: Criterion): string {
  return threshold && isOfLabels(metric) ? ` Labels are those of ${thresholdWords(threshold)}.` : ''
}

/** The wall time of a run is the supervisor's own measurement. */
function measuredOf(
  candidate: RunSummary,
  { metric, split }: Criterion,
): (Measurement & { value: number }) | undefined {
  const found = findMeasured(candidate.metrics, metric, split)
  if (found || metric !== 'training_time_s' || candidate.durationS === undefined) return found
  return { name: metric, source: 'measured', value: candidate.durationS }
}

function compare(value: number, { op, value: threshold }: Criterion): boolean {
  if (op === '>') return value > threshold
  if (op === '>=') return value >= threshold
  if (op === '<') return value < threshold
  return value <= threshold
}

function bothEndsHold([low, high]: [number, number], criterion: Criterion): boolean {
  return compare(low, criterion) && compare(high, criterion)
}

/** What the script said of this number: for this split, else without one. */
function reportedValue(candidate: RunSummary, { metric, split }: Criterion): number | undefined {
  const reported = candidate.metrics.filter(
    (m) => m.source === 'reported' && reportedAs(m.name, metric, split),
  )
  const best =
    reported.find((m) => m.split === split) ?? reported.find((m) => m.split === undefined) ?? reported[0]
  return typeof best?.value === 'number' ? best.value : undefined
}

/** Scripts often put the split into the name: `test_f1`, `val_f1`. */
export function reportedAs(name: string, metric: string, split: string | undefined): boolean {
  if (name === metric) return true
  const prefix = /^(train|val|valid|validation|test)[_/.](.+)$/.exec(name)
  const of = prefix?.[1]?.startsWith('val') ? 'validation' : prefix?.[1]
  return prefix?.[2] === metric && (split === undefined || of === split)
}

function whyMissing(
  criterion: Criterion,
  facts: GateFacts,
  candidate: RunSummary,
  reported: number | undefined,
): string {
  const said = reported === undefined ? '' : `reported ${show(reported)} only; `
  const info = metricInfo(criterion.metric)
  if (isModelCost(criterion.metric)) return said + whyNoCost(criterion.metric, facts)
  if (!info && !isOwn(criterion.metric, facts))
    return `${said}needs a measurement of ${criterion.metric}, which the lab does not know: the data can be registered with an evaluator for it`
  if (criterion.split === 'test') return `${said}nothing measured on the sealed test set yet`
  return `${said}nothing measured on ${criterion.split}: ${candidate.name} handed in no predictions for it`
}

/** Cost metrics and unknown ones are not computed from predictions. */
function scoredHere(metric: string, facts: GateFacts): boolean {
  const family = metricInfo(metric)?.family
  return isOwn(metric, facts) || (family !== undefined && family !== 'cost')
}

function isOwn(metric: string, { ownEvaluator }: GateFacts): boolean {
  return ownEvaluator !== undefined && Object.hasOwn(ownEvaluator.metrics, metric)
}

function nextFor(criterion: Criterion, facts: GateFacts, candidate: RunSummary): { next?: NextStep } {
  const { split } = criterion
  const job = isModelCost(criterion.metric) && costJob(facts)
  if (job) return { next: waitFor([job]) }
  if (isModelCost(criterion.metric) && !facts.cost?.notMeasured[criterion.metric])
    return { next: costNext(candidate.run) }
  if (!split || !scoredHere(criterion.metric, facts))
    return {
      next: {
        person: `specweave-ml approve ${facts.increment} --waive ${criterionId(criterion)} --reason "..."`,
        why: 'a person may accept the increment without this measurement',
      },
    }
  return {
    next: {
      tool: 'evaluate_run',
      arguments: { run: candidate.run, split },
      why: split === 'test' ? 'scores it on the sealed test set; a look, counted' : `scores it on ${split}`,
    },
  }
}
