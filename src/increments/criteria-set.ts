import type { BaselineRule, Criterion } from '../core/criterion.ts'
import { metricDirection, metricInfo } from '../core/metrics.ts'
import type { ProblemType } from '../core/problem-types.ts'
import { type BaselinePhrase, liftOf } from './baseline-phrase.ts'
import { parseCriterion, refuse } from './criteria.ts'

/** What an increment asks of its model. */
export interface CriteriaSet {
  success: Criterion[]
  baseline: BaselineRule
  /** Decisions that were made for the writer, to be said in the answer. */
  notes: string[]
}

export interface CriteriaRequest {
  problemType: ProblemType
  success?: readonly (string | Criterion)[]
  constraints?: readonly (string | Criterion)[]
  /** 0.2 asks for 20 % better than the best baseline. */
  baselineLift?: number
}

/** A start for those who named nothing: scale-free, reachable on real data, and to be confirmed. */
const PROPOSALS: Readonly<Record<ProblemType, readonly Criterion[]>> = {
  classification: [
    { metric: 'roc_auc', op: '>=', value: 0.75, split: 'test' },
    { metric: 'f1', op: '>=', value: 0.5, split: 'test' },
  ],
  regression: [{ metric: 'r2', op: '>=', value: 0.6, split: 'test' }],
  time_series: [
    { metric: 'mase', op: '<', value: 1, split: 'test' },
    { metric: 'smape', op: '<', value: 0.2, split: 'test' },
  ],
  recommendation: [
    { metric: 'precision@10', op: '>', value: 0.1, split: 'test' },
    { metric: 'recall@10', op: '>', value: 0.1, split: 'test' },
  ],
}

/** The criteria that `create_increment` proposes for a problem type, each marked `proposed: true`. */
export function proposedCriteria(problemType: ProblemType): Criterion[] {
  return PROPOSALS[problemType].map((criterion) => ({ ...criterion, proposed: true }))
}

/**
 * Reads all success metrics and constraints of a call.
 * @throws Refusal CRITERION_INVALID, with the argument and its place (`constraints[1]`)
 */
export function readCriteria(request: CriteriaRequest): CriteriaSet {
  const notes: string[] = []
  const success: Criterion[] = []
  const phrases: { phrase: BaselinePhrase; metric?: string; typed: string; field: string }[] = []
  const typedLines = [
    ...(request.success ?? []).map((typed, i) => ({ typed, field: `success_metrics[${i}]` })),
    ...(request.constraints ?? []).map((typed, i) => ({ typed, field: `constraints[${i}]` })),
  ]
  for (const { typed, field } of typedLines) {
    for (const parsed of parseCriterion(typed, { problemType: request.problemType, field })) {
      notes.push(...parsed.notes)
      if (parsed.kind === 'baseline') {
        phrases.push({ phrase: parsed.phrase, metric: parsed.metric, typed: String(typed), field })
      } else {
        addOnce(success, parsed.criterion, typed, field)
      }
    }
  }
  if (!success.some(hasSealedSplit)) {
    success.unshift(...proposedCriteria(request.problemType))
    notes.push(
      `no criterion on the sealed test set was given; proposed: ${success
        .filter((criterion) => criterion.proposed)
        .map((criterion) => `${criterion.metric} ${criterion.op} ${criterion.value}`)
        .join(' and ')}; these are proposals, and validation asks for their confirmation`,
    )
  }
  return { success, baseline: baselineRule(success, phrases, request, notes), notes }
}

function hasSealedSplit(criterion: Criterion): boolean {
  return criterion.split === 'test'
}

function addOnce(success: Criterion[], criterion: Criterion, typed: string | Criterion, field: string): void {
  const same = success.find(
    (other) =>
      other.metric === criterion.metric && other.split === criterion.split && other.op[0] === criterion.op[0],
  )
  if (!same) success.push(criterion)
  else if (same.value !== criterion.value || same.op !== criterion.op)
    throw refuse(
      typeof typed === 'string' ? typed : `${criterion.metric} ${criterion.op} ${criterion.value}`,
      `${criterion.metric} was already asked for as ${same.op} ${same.value}; keep one of the two`,
      { field },
    )
}

/** The first criterion's metric that the lab can measure on a split; the rule and the candidate are judged by it. */
export function leadingMetric(success: readonly Criterion[]): string | undefined {
  const scored = success.filter(({ metric }) => metricInfo(metric)?.family !== 'cost')
  return (scored.find(({ metric }) => metricInfo(metric)) ?? scored[0])?.metric
}

function baselineRule(
  success: readonly Criterion[],
  phrases: { phrase: BaselinePhrase; metric?: string; typed: string; field: string }[],
  request: CriteriaRequest,
  notes: string[],
): BaselineRule {
  const leading = leadingMetric(success) ?? success[0]!.metric
  const [first, second] = phrases
  if (second)
    throw refuse(second.typed, 'only one rule against a baseline can be kept', { field: second.field })
  if (!first) return { metric: leading, lift: request.baselineLift ?? 0.2, over: 'best' }
  // "Accuracy: better than random by 3x" of a recommender means its quality, whatever that is measured by
  const typedFits = first.metric !== undefined && fits(first.metric, request.problemType)
  if (first.metric && !typedFits)
    notes.push(`${first.metric} does not fit a ${request.problemType} problem; the rule uses ${leading}`)
  const metric = typedFits && first.metric ? first.metric : leading
  const direction = metricDirection(metric) ?? directionOf(success, metric)
  const lift = liftOf(first.phrase.amount, direction)
  if (lift === undefined)
    throw refuse(
      first.typed,
      direction === 'minimize'
        ? `${metric} is better when lower: ask for less than 100 % or more than 1x`
        : 'ask for more than 0 % or more than 1x',
      { field: first.field },
    )
  notes.push(`"${first.typed.trim()}" is read as a lift of ${lift} in ${metric} over ${first.phrase.over}`)
  return { metric, lift, over: first.phrase.over }
}

function fits(metric: string, problemType: ProblemType): boolean {
  const family = metricInfo(metric)?.family
  if (!family) return true
  if (family === problemType) return true
  if (problemType === 'time_series') return family === 'regression'
  return problemType === 'recommendation' && family === 'regression'
}

/** Which way is better: known from the metric's name, else from how its criterion compares. */
export function directionOf(success: readonly Criterion[], metric: string): 'maximize' | 'minimize' {
  const known = metricDirection(metric)
  if (known) return known
  const op = success.find((criterion) => criterion.metric === metric)?.op
  return op?.startsWith('<') ? 'minimize' : 'maximize'
}
