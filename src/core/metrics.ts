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
  latency_ms: error('cost', 'mean time of one prediction, milliseconds'),
  latency_p50_ms: error('cost', 'median time of one prediction, milliseconds'),
  latency_p90_ms: error('cost', '90th percentile of the time of one prediction, milliseconds'),
  latency_p95_ms: error('cost', '95th percentile of the time of one prediction, milliseconds'),
  latency_p99_ms: error('cost', '99th percentile of the time of one prediction, milliseconds'),
  latency_batch_p50_ms: error('cost', 'median time of a batch of 100, milliseconds'),
  latency_batch_p90_ms: error('cost', '90th percentile of the time of a batch of 100, milliseconds'),
  latency_batch_p95_ms: error('cost', '95th percentile of the time of a batch of 100, milliseconds'),
  latency_batch_p99_ms: error('cost', '99th percentile of the time of a batch of 100, milliseconds'),
  throughput_rps: {
    direction: 'maximize',
    bounded: 'none',
    family: 'cost',
    label: 'predictions a second, one process, the best of a few batch sizes',
  },
  model_size_mb: error('cost', 'size of the saved model on disk, MiB'),
  model_size_bytes: error('cost', 'size of the saved model on disk, bytes'),
  memory_mb: error('cost', 'memory that loading the model takes, its libraries included, MiB'),
  training_time_s: error('cost', 'duration of the training run, seconds'),
}

/** Metrics whose name ends in a level between 0 and 1: `precision_at_recall_0.9`. Measured where a criterion asks for them. */
export const LEVEL_METRICS: Readonly<Record<string, MetricInfo>> = {
  precision_at_recall: unit(
    'classification',
    'precision of the positive class where recall is at least the level, at the best threshold of the split itself',
  ),
  recall_at_precision: unit(
    'classification',
    'recall of the positive class where precision is at least the level, at the best threshold of the split itself; 0 where none has it',
  ),
  pinball: error('regression', 'pinball loss of the prediction as that quantile, in units of the target'),
}

/** `pinball_0.9` is `pinball` at 0.9; other names give `undefined`. */
export function metricLevel(name: string): { base: string; level: number } | undefined {
  const [, base = '', level = ''] = /^([a-z_]+)_(0\.\d*[1-9])$/.exec(name) ?? []
  return Object.hasOwn(LEVEL_METRICS, base) ? { base, level: Number(level) } : undefined
}

/** `precision@10` is known as `precision`; names the lab does not know give `undefined`. */
export function metricInfo(name: string): MetricInfo | undefined {
  const level = metricLevel(name)
  if (level) return LEVEL_METRICS[level.base]
  const base = name.split('@')[0] ?? name
  const info = Object.hasOwn(METRICS, base) ? METRICS[base] : undefined
  if (info && name.includes('@') && info.family === 'classification')
    return { ...info, family: 'recommendation' }
  return info
}

/** Measured of a saved model, by `evaluate_run` with `cost`; how long training took is the run's own wall time. */
export function isModelCost(name: string): boolean {
  return name !== 'training_time_s' && metricInfo(name)?.family === 'cost'
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
