import { nearest } from '../core/ids.ts'
import { METRICS, metricInfo, metricLevel } from '../core/metrics.ts'

/** What people write for a metric, words joined by `_`, and the name that the lab uses. */
const ALIASES: Readonly<Record<string, string>> = {
  acc: 'accuracy',
  balanced_acc: 'balanced_accuracy',
  f1_score: 'f1',
  f_score: 'f1',
  f_measure: 'f1',
  sensitivity: 'recall',
  true_positive_rate: 'recall',
  positive_predictive_value: 'precision',
  matthews: 'mcc',
  matthews_correlation: 'mcc',
  matthews_correlation_coefficient: 'mcc',
  auc: 'roc_auc',
  auroc: 'roc_auc',
  auc_roc: 'roc_auc',
  rocauc: 'roc_auc',
  roc_auc_score: 'roc_auc',
  auprc: 'pr_auc',
  auc_pr: 'pr_auc',
  prauc: 'pr_auc',
  average_precision: 'pr_auc',
  logloss: 'log_loss',
  cross_entropy: 'log_loss',
  brier_score: 'brier',
  expected_calibration_error: 'ece',
  calibration_error: 'ece',
  root_mean_squared_error: 'rmse',
  root_mean_square_error: 'rmse',
  mean_absolute_error: 'mae',
  median_absolute_error: 'median_ae',
  'r^2': 'r2',
  r_2: 'r2',
  r2_score: 'r2',
  r_squared: 'r2',
  rsquared: 'r2',
  coefficient_of_determination: 'r2',
  mean_absolute_percentage_error: 'mape',
  symmetric_mape: 'smape',
  mean_absolute_scaled_error: 'mase',
  hitrate: 'hit_rate',
  hit_ratio: 'hit_rate',
  hr: 'hit_rate',
  mean_average_precision: 'map',
  mean_reciprocal_rank: 'mrr',
  p: 'precision',
  prec: 'precision',
  throughput: 'throughput_rps',
  rps: 'throughput_rps',
  qps: 'throughput_rps',
  requests_per_second: 'throughput_rps',
  requests_per_sec: 'throughput_rps',
  predictions_per_second: 'throughput_rps',
  rows_per_second: 'throughput_rps',
  batch_latency: 'latency_batch_p95_ms',
  latency_batch: 'latency_batch_p95_ms',
  batch_latency_p50: 'latency_batch_p50_ms',
  batch_latency_p90: 'latency_batch_p90_ms',
  batch_latency_p95: 'latency_batch_p95_ms',
  batch_latency_p99: 'latency_batch_p99_ms',
  p50_batch_latency: 'latency_batch_p50_ms',
  p90_batch_latency: 'latency_batch_p90_ms',
  p95_batch_latency: 'latency_batch_p95_ms',
  p99_batch_latency: 'latency_batch_p99_ms',
  model_size: 'model_size_mb',
  size: 'model_size_mb',
  size_on_disk: 'model_size_mb',
  memory_usage: 'memory_mb',
  memory_footprint: 'memory_mb',
  memory: 'memory_mb',
  ram: 'memory_mb',
  training_time: 'training_time_s',
  train_time: 'training_time_s',
  time_to_train: 'training_time_s',
  training_duration: 'training_time_s',
}

const LATENCY =
  /^(?:(?:inference|response|prediction|serving|request|scoring)_)?(?:latency|inference|response|inference_time|response_time|prediction_time|scoring_time|time_per_prediction)(?:_ms)?$/

export interface MetricName {
  name: string
  /** Something that was decided for the writer and should be said. */
  note?: string
}

/**
 * The lab's name of a metric as typed: case, blanks, hyphens and common synonyms do not matter; `precision at 10` and
 * `top-10 precision` are `precision@10`. A latency without a percentile is `latency_p99_ms`.
 * @returns `undefined` where the text cannot be a metric's name at all.
 */
export function metricName(typed: string): MetricName | undefined {
  const text = typed
    .normalize('NFKC')
    .toLowerCase()
    .trim()
    .replace(/^top[- ](\d+)\s+(.+)$/, '$2@$1')
    .replace(/\s*@\s*/g, '@')
    .replace(/\s+at\s+(?:k\s*=\s*)?(\d+)$/, '@$1')
    .replace(/^(?:the|an?|our|mean average of)\s+/, '')
  const [, words, k] = /^([^@]+?)(?:@(?:k=)?(\d+))?$/.exec(text) ?? []
  if (!words || (k !== undefined && Number(k) < 1)) return undefined
  const base = words.replace(/[\s_-]+/g, '_').replace(/^_+|_+$/g, '')
  const at = k === undefined ? '' : `@${Number(k)}`
  const latency = k === undefined ? latencyName(base) : undefined
  if (latency) return latency
  const withLevel = k === undefined ? levelName(base) : undefined
  if (withLevel) return withLevel
  const known = Object.hasOwn(METRICS, base) ? base : Object.hasOwn(ALIASES, base) ? ALIASES[base] : undefined
  if (known) return { name: known + at }
  if (!/^[a-z][a-z0-9_]*$/.test(base) || base.length > 40 || base.split('_').length > 4) return undefined
  return { name: base + at }
}

/** `precision at recall 0.9`, `precision at 90% recall`, `quantile loss 0.9` and the like, by the lab's name. */
function levelName(base: string): MetricName | undefined {
  const [, before, early, late] =
    /^(precision|recall)_at_(?:([\d.]+%?)_)?(?:precision|recall)(?:_([\d.]+%?))?$/.exec(base) ?? []
  const at = early ?? late
  if (before && at) {
    const other = before === 'precision' ? 'recall' : 'precision'
    return base.replace(before, '').includes(other) ? levelled(`${before}_at_${other}`, at) : undefined
  }
  const [, quantile] = /^(?:pinball|quantile)(?:_loss)?(?:_q?([\d.]+%?))?$/.exec(base) ?? []
  if (quantile) return levelled('pinball', quantile)
  if (/^(?:pinball|quantile)_loss$|^pinball$/.test(base))
    return { name: 'pinball_0.5', note: `${base} was given without a quantile and is read as pinball_0.5` }
  return undefined
}

function levelled(base: string, typed: string): MetricName | undefined {
  const level = typed.endsWith('%') ? Number(typed.slice(0, -1)) / 100 : Number(typed)
  const name = `${base}_${Number(level.toPrecision(12))}`
  return metricLevel(name) ? { name } : undefined
}

function latencyName(base: string): MetricName | undefined {
  const [, before, after] = /(?:^|_)p(\d{2})(?:_|$)|(?:^|_)(\d{2})th_percentile(?:_|$)/.exec(base) ?? []
  const percentile = before ?? after
  const rest = base
    .replace(/(?:^|_)(?:p\d{2}|\d{2}th_percentile|median)(?=_|$)/, '')
    .replace(/^_|_$/g, '')
    .replace(/^of_/, '')
  if (!LATENCY.test(rest)) return undefined
  if (/(?:^|_)median(?:_|$)/.test(base)) return { name: 'latency_p50_ms' }
  if (percentile) return { name: `latency_p${percentile}_ms` }
  if (/(?:^|_)(?:mean|average|avg)(?:_|$)/.test(base)) return { name: 'latency_ms' }
  return {
    name: 'latency_p99_ms',
    note: 'latency was given without a percentile and is read as the 99th: latency_p99_ms',
  }
}

/** A long unknown name within two edits of a known one is a slip of the keyboard, not a metric of the user's own. */
export function misspelled(name: string): string | undefined {
  const base = name.split('@')[0] ?? name
  if (metricInfo(name) || base.length < 6) return undefined
  const close = nearest(base, Object.keys(METRICS), 1)[0]
  if (!close || close.length < 5 || close.includes(base) || base.includes(close)) return undefined
  return Math.abs(close.length - base.length) <= 2 && sharedStart(close, base) >= 2
    ? name.replace(base, close)
    : undefined
}

function sharedStart(a: string, b: string): number {
  let at = 0
  while (at < a.length && a[at] === b[at]) at += 1
  return at
}

/** Known metrics, those that the typed text resembles first. */
export function metricSuggestions(typed: string, limit = 5): string[] {
  const known = Object.keys(METRICS)
  const close = typed
    ? nearest(
        typed
          .toLowerCase()
          .trim()
          .replace(/[\s-]+/g, '_'),
        known,
        limit,
      )
    : []
  return [...new Set([...close, 'accuracy', 'f1', 'roc_auc', 'rmse', 'mape', 'precision@10'])].slice(0, limit)
}
