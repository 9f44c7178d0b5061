/**
 * The metrics that the lab knows: which way is better, how the value is bounded, and which problem they belong to.
 * Names are lower case, words joined by `_`; a parameter follows `@` (`precision@10`).
 */
export type Direction = 'maximize' | 'minimize'

export interface MetricInfo {
  readonly direction: Direction
  /** `unit`: the value lies in [0, 1] (or [-1, 1]) and lift is bounded by 1. `none`: any value. */
  readonly bounded: 'unit' | 'none'
  /** `cost` metrics (latency, throughput, size) have no split, grade or look. */
  readonly family: 'classification' | 'regression' | 'time_series' | 'recommendation' | 'cost'
  readonly label: string
}

const unit = (family: MetricInfo['family'], label: string): MetricInfo => ({
  direction: 'maximize',
  bounded: 'unit',
  family,
  label,
})
const error = (family: MetricInfo['family'], label: string): MetricInfo => ({
  direction: 'minimize',
  bounded: 'none',
  family,
  label,
})

export const METRICS: Readonly<Record<string, MetricInfo>> = {
  accuracy: unit('classification', 'share of correct predictions'),
  balanced_accuracy: unit('classification', 'mean recall over the classes'),
  precision: unit('classification', 'precision of the positive class; macro mean when multiclass'),
  recall: unit('classification', 'recall of the positive class; macro mean when multiclass'),
  f1: unit('classification', 'F1 of the positive class; macro mean when multiclass'),
  mcc: unit('classification', 'Matthews correlation coefficient'),
  roc_auc: unit('classification', 'area under the ROC curve; macro one-vs-rest when multiclass'),
  pr_auc: unit('classification', 'average precision of the positive class; macro when multiclass'),
  log_loss: error('classification', 'mean negative log-likelihood, natural logarithm'),
  brier: error('classification', 'mean squared error of the predicted probability'),
  ece: error('classification', 'expected calibration error, 10 bins of equal count'),
  rmse: error('regression', 'root mean squared error, in units of the target'),
  mae: error('regression', 'mean absolute error, in units of the target'),
  median_ae: error('regression', 'median absolute error, in units of the target'),
  r2: { direction: 'maximize', bounded: 'unit', family: 'regression', label: 'coefficient of determination' },
  mape: error('regression', 'mean absolute percentage error, as a fraction'),
  smape: error('time_series', 'symmetric MAPE, as a fraction'),
  mase: error('time_series', 'mean absolute scaled error'),
  rmsse: error('time_series', 'root mean squared scaled error'),
  ndcg: unit('recommendation', 'normalised discounted cumulative gain'),
  map: unit('recommendation', 'mean average precision'),
  mrr: unit('recommendation', 'mean reciprocal rank'),
  hit_rate: unit('recommendation', 'share of users with a relevant item in the list'),
  coverage: unit('recommendation', 'share of the catalogue that is recommended'),
  latency_ms: error('cost', 'time of one prediction, milliseconds'),
  latency_p50_ms: error('cost', 'median time of one prediction, milliseconds'),
  latency_p95_ms: error('cost', '95th percentile of the time of one prediction, milliseconds'),
  latency_p99_ms: error('cost', '99th percentile of the time of one prediction, milliseconds'),
  throughput_rps: { direction: 'maximize', bounded: 'none', family: 'cost', label: 'predictions a second' },
  model_size_mb: error('cost', 'size of the saved model on disk, MiB'),
  memory_mb: error('cost', 'memory of the loaded model, MiB'),
  training_time_s: error('cost', 'duration of the training run, seconds'),
}

/** `precision@10` is known as `precision`; names the lab does not know give `undefined`. */
export function metricInfo(name: string): MetricInfo | undefined {
  const base = name.split('@')[0] ?? name
  const info = Object.hasOwn(METRICS, base) ? METRICS[base] : undefined
  if (info && name.includes('@') && info.family === 'classification')
    return { ...info, family: 'recommendation' }
  return info
}

export function metricDirection(name: string): Direction | undefined {
  const known = metricInfo(name)?.direction
  if (known) return known
  // scikit-learn's scorers: the negative of a loss, so that greater is better.
  if (name.startsWith('neg_')) return 'maximize'
  if (/(?:^|_)(?:accuracy|auc|f1|score)$/.test(name)) return 'maximize'
  if (/(^|_)(loss|error|rmse|mse|mae|mape|latency|time|perplexity|wer)(_|$)/.test(name)) return 'minimize'
  if (/(^|_)(accuracy|auc|precision|recall|f1|score|r2|throughput|ndcg|map|bleu)(_|@|$)/.test(name))
    return 'maximize'
  return undefined
}
