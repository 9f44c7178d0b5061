/** A criterion that is not what the first look at the sealed test set froze. */
export interface CriterionChange {
  /** Id of its check. */
  check: string
  /** `roc_auc >= 0.85 on test` */
  before: string
  /** Absent where it was taken away. */
  now?: string
}

/** What was changed after the first look, and who approved what stands there now. */
export interface CriteriaChange {
  changes: readonly CriterionChange[]
  /** Absent while nobody has; `at` is ISO 8601, UTC, `via` is `terminal` or `elicitation`. */
  approved?: { by: string; at: string; via: string }
}

/** `changed after the first look: roc_auc >= 0.85 on test -> roc_auc >= 0.8 on test, approved by root on 2026-11-21 (terminal)` */
export function criteriaChangeWords({ changes, approved }: CriteriaChange): string {
  const list = changes.map(({ before, now }) => `${before} -> ${now ?? 'taken away'}`).join('; ')
  const who = approved
    ? `approved by ${approved.by} on ${approved.at.slice(0, 10)} (${approved.via})`
    : 'approved by nobody'
  return `changed after the first look: ${list}, ${who}`
}
