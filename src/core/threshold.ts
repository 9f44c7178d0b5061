import { isNumber, isOneOf, isText, maybe, type Shape, withMembers } from './shape.ts'

/** Reached at a level, with the most of the other one. */
export const LEVEL_METRICS = ['precision', 'recall'] as const
/** Highest at the threshold that is chosen. */
export const HIGHEST_METRICS = ['f1', 'balanced_accuracy', 'mcc'] as const
export const THRESHOLD_METRICS = [...LEVEL_METRICS, ...HIGHEST_METRICS] as const

/** What follows from labels; other metrics of a classification are those of its scores. */
const OF_LABELS: ReadonlySet<string> = new Set([
  'accuracy',
  'precision',
  'recall',
  'f1',
  'balanced_accuracy',
  'mcc',
])

export function isOfLabels(metric: string): boolean {
  return OF_LABELS.has(metric)
}

/** What a threshold is chosen for. */
export interface ThresholdGoal {
  metric: (typeof THRESHOLD_METRICS)[number]
  /** Of precision or recall, above 0 and up to 1; the others are made as high as they get. */
  at_least?: number
}

/** By what a run's labels are made from its scores, chosen on validation. */
export interface Threshold extends ThresholdGoal {
  /** A row is of the class `positive` where its score is at least that. */
  value: number
  positive: string
  split: 'validation'
  /** Of the validation predictions that it was chosen by. */
  predictions_sha256: string
  /** ISO 8601, UTC. */
  chosen: string
}

/** What a `threshold.chosen` line, and the member of evidence.json, must hold. */
export const isThreshold: Shape = withMembers({
  value: isNumber,
  positive: isText,
  metric: isOneOf(...THRESHOLD_METRICS),
  at_least: maybe(isNumber),
  split: isOneOf('validation'),
  predictions_sha256: isText,
  chosen: isText,
})

/** `score_yes >= 0.83, chosen on validation for precision >= 0.99` */
export function thresholdWords(threshold: Threshold): string {
  return `score_${threshold.positive} >= ${threshold.value}, chosen on validation for ${goalWords(threshold)}`
}

/** `precision >= 0.99`, `the highest f1` */
export function goalWords({ metric, at_least }: ThresholdGoal): string {
  return at_least === undefined ? `the highest ${metric}` : `${metric} >= ${at_least}`
}

export function isSameGoal(a: ThresholdGoal, b: ThresholdGoal): boolean {
  return a.metric === b.metric && a.at_least === b.at_least
}
