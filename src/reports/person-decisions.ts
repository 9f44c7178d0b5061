import { type CriteriaChange, criteriaChangeWords } from '../core/criteria-change.ts'
import { type CriteriaProposal, criteriaProposalWords } from '../core/criteria-proposal.ts'
import { inline } from './markdown-text.ts'

/** A check that a person let be. */
export interface Waiver {
  check: string
  reason: string
  by: string
  /** ISO 8601, UTC. */
  at: string
  /** `terminal` or `elicitation`. */
  via?: string
}

/** What people decided against the record, which every document of an increment says. */
export interface PersonDecisions {
  waivers?: readonly Waiver[]
  /** Criteria that are not those of the first look, whether somebody approved that or not. */
  criteriaChange?: CriteriaChange
  /** Criteria that were proposed, whether somebody confirmed them or not. */
  criteriaProposal?: CriteriaProposal
}

export const DECIDED = 'Decided by people'

export function waiverLines(waivers: readonly Waiver[]): string[] {
  return waivers.map(({ check, reason, by, at, via }) => {
    const where = via ? `, ${inline(via, 40)}` : ''
    return `Waived: ${inline(check, 80)}, by ${inline(by, 80)} on ${inline(at, 30)}${where}: ${inline(reason, 500)}`
  })
}

/** Nothing where no criterion was changed. */
export function criteriaChangeLines(change: CriteriaChange | undefined): string[] {
  return change ? [`Criteria ${inline(criteriaChangeWords(change), 2000)}.`] : []
}

/** Nothing where the criteria were given. */
export function criteriaProposalLines(proposal: CriteriaProposal | undefined): string[] {
  return proposal ? [`Criteria ${inline(criteriaProposalWords(proposal), 2000)}.`] : []
}

/** A line for each; none where nothing was decided. */
export function decisionLines({ waivers = [], criteriaChange, criteriaProposal }: PersonDecisions): string[] {
  return [
    ...criteriaProposalLines(criteriaProposal),
    ...criteriaChangeLines(criteriaChange),
    ...waiverLines(waivers),
  ]
}
