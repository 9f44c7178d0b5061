/** Criteria that `create_increment` proposed, as the ledger holds it, and who confirmed what spec.md asks now. */
export interface CriteriaProposal {
  /** `roc_auc >= 0.75 on test`, as proposed. */
  proposed: readonly string[]
  /** spec.md still marks a criterion as proposed. */
  marked: boolean
  /** A person's approval of what spec.md asks now; `at` is ISO 8601, UTC, `via` is `terminal` or `elicitation`. */
  confirmed?: { by: string; at: string; via: string }
  /** A person's last approval, of criteria that spec.md does not ask any more. */
  earlier?: { by: string; at: string; via: string }
}

/** `proposed at creation (roc_auc >= 0.75 on test); what spec.md asks was confirmed by ann on 2026-11-21 (terminal)` */
export function criteriaProposalWords({ proposed, marked, confirmed, earlier }: CriteriaProposal): string {
  const were = `proposed at creation (${proposed.join(', ')})`
  if (confirmed)
    return `${were}; what spec.md asks was confirmed by ${confirmed.by} on ${confirmed.at.slice(0, 10)} (${confirmed.via})`
  if (earlier)
    return `${were}; changed since ${earlier.by} confirmed them on ${earlier.at.slice(0, 10)} (${earlier.via}), and confirmed by nobody as they are now`
  return marked
    ? `${were}; confirmed by nobody`
    : `${were}; an edit of spec.md took the mark away, and the ledger holds no person's approval of what it asks`
}
