import type { Criterion } from '../core/criterion.ts'
import { metricInfo } from '../core/metrics.ts'
import type { ProblemType } from '../core/problem-types.ts'

/** Errors given as a fraction, which people write in percent. */
export const FRACTIONS: ReadonlySet<string> = new Set(['mape', 'smape'])
/** Metrics of [0, 1] whose table entry is an error without a bound. */
const UNIT_ERRORS: ReadonlySet<string> = new Set(['ece', 'brier'])
/** Scores that may be negative. */
const SIGNED: ReadonlySet<string> = new Set(['r2', 'mcc'])

/**
 * What is wrong with a criterion that is well formed: a value that the metric cannot have, or a comparison that would
 * pass the worse model.
 * @returns a sentence in the user's terms with the reading that would work, or `undefined`.
 */
export function criterionProblem(criterion: Criterion, problemType?: ProblemType): string | undefined {
  const { metric, op, value } = criterion
  if (!Number.isFinite(value)) return `${metric} needs a finite number, not ${value}`
  const info = metricInfo(metric)
  const base = metric.split('@')[0] ?? metric
  if (!info) return undefined
  if (info.family === 'cost') {
    if (criterion.split) return `${metric} is a cost: it has no split, so leave out split: ${criterion.split}`
    if (value <= 0) return `${metric} is always above 0, so ${op} ${value} says nothing`
  }
  const wrongFamily = problemType && familyProblem(metric, problemType)
  if (wrongFamily) return wrongFamily
  const wantsMore = op.startsWith('>')
  if (wantsMore !== (info.direction === 'maximize')) {
    const better = info.direction === 'maximize' ? 'higher' : 'lower'
    const turned = `${info.direction === 'maximize' ? '>' : '<'}${op.endsWith('=') ? '=' : ''}`
    return `${metric} is better when ${better}, so "${metric} ${op} ${value}" would pass the worse model; did you mean "${metric} ${turned} ${value}"?`
  }
  if (info.bounded === 'unit' || UNIT_ERRORS.has(base)) return rangeProblem(criterion, base)
  if (info.family !== 'cost' && value < 0) return `${metric} is never below 0`
  return undefined
}

function rangeProblem({ metric, op, value }: Criterion, base: string): string | undefined {
  const low = base === 'r2' ? Number.NEGATIVE_INFINITY : SIGNED.has(base) ? -1 : 0
  const range = base === 'r2' ? 'is at most 1' : `lies between ${low} and 1`
  if (value > 1) {
    const reading =
      value <= 100
        ? `; for ${value} % write "${metric} ${op} ${value / 100}" or "${metric} ${op} ${value}%"`
        : ''
    return `${metric} ${range}, so ${value} cannot be meant${reading}`
  }
  if (value < low) return `${metric} ${range}, so ${value} cannot be meant`
  if (op === '>' && value === 1)
    return `${metric} ${range}, so "> 1" can never hold; "${metric} >= 0.99" asks for nearly all`
  if (op === '<' && value === low) return `${metric} ${range}, so "< ${low}" can never hold`
  return undefined
}

const OF_CLASSES = 'accuracy, f1, precision, recall, roc_auc, pr_auc'
const OF_NUMBERS = 'rmse, mae, median_ae, r2, mape'
const OF_SERIES = 'mape, smape, mase, rmsse, rmse, mae'
const OF_LISTS = 'precision@10, recall@10, ndcg@10, map@10, mrr@10, hit_rate@10, coverage@10'

/** Why the lab cannot measure a metric for a problem of this type, with those that it can; `undefined` where it may. */
export function familyProblem(metric: string, problemType: ProblemType): string | undefined {
  const family = metricInfo(metric)?.family
  if (problemType === 'classification' && (family === 'regression' || family === 'time_series'))
    return `${metric} measures numbers; a classification is measured by ${OF_CLASSES}`
  if (family === 'recommendation' && problemType !== 'recommendation')
    return `${metric} measures ranked lists; ${problemType === 'classification' ? `a classification is measured by ${OF_CLASSES}` : problemType === 'time_series' ? `a series is measured by ${OF_SERIES}` : `numbers are measured by ${OF_NUMBERS}`}`
  if (problemType === 'regression' && family === 'classification')
    return `${metric} measures classes; a regression is measured by ${OF_NUMBERS}`
  if (
    problemType === 'recommendation' &&
    family === 'classification' &&
    /^(?:precision|recall)$/.test(metric)
  )
    return `${metric} of a recommendation needs the length of the list: "${metric}@10"`
  if (problemType === 'time_series' && family === 'classification')
    return `${metric} measures classes; a series is measured by ${OF_SERIES}`
  if (problemType === 'recommendation' && family === 'classification')
    return `${metric} measures classes; a recommendation is measured by ${OF_LISTS}`
  return undefined
}
