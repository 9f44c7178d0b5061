import type { Criterion } from '../core/criterion.ts'
import { goalWords, LEVEL_METRICS, THRESHOLD_METRICS, type ThresholdGoal } from '../core/threshold.ts'

/**
 * What a threshold is chosen for until its costs are agreed, in words: the first criterion that a threshold moves and that
 * the lab can choose one for. A score such as ROC AUC is the same with any threshold.
 */
export function thresholdGoal(success: readonly Criterion[]): string {
  for (const { metric, op, value } of success) {
    const known = THRESHOLD_METRICS.find((name) => name === metric)
    if (known && op.startsWith('>')) return `\`${goalWords(goalOf(known, value))}\``
  }
  return `\`${goalWords({ metric: 'f1' })}\``
}

function goalOf(metric: ThresholdGoal['metric'], value: number): ThresholdGoal {
  return (LEVEL_METRICS as readonly string[]).includes(metric) ? { metric, at_least: value } : { metric }
}
