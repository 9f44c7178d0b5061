import { lookedRunsWords, switchedWords } from '../core/look-words.ts'
import { bestRun } from './best-run.ts'
import { lessons } from './lessons.ts'
import { bullets, capital, fence, inline, paragraphs } from './markdown-text.ts'
import { judgeabilityMark, NOT_JUDGEABLE, notJudgeableLines } from './not-judgeable.ts'
import { criteriaChangeLines, criteriaProposalLines, waiverLines } from './person-decisions.ts'
import { PROGRAM_NOTE } from './program-note.ts'
import { codeLabel } from './run-words.ts'
import type { SummaryFacts } from './summary-facts.ts'
import { bestModelSection, deploymentSection, experimentsSection } from './summary-sections.ts'
import { criteriaTable, openChecks, passedChecks } from './summary-verdict.ts'

const HEADINGS = {
  passed: 'COMPLETE',
  not_passed: 'NOT PASSED',
  ready_for_review: 'READY FOR REVIEW',
} as const

/** The body of the managed block of COMPLETION-SUMMARY.md: the verdict and its table first. */
export function renderSummary(facts: SummaryFacts): string {
  const best = bestRun(facts.runs, facts)
  return paragraphs(
    `# ${inline(facts.title)} - ${HEADINGS[facts.outcome]}`,
    verdictSentence(facts),
    criteriaTable(facts),
    openChecks(facts.verdict.checks),
    bullets(accounts(facts)),
    facts.notChecked.length > 0
      ? `Not checked:\n\n${bullets(facts.notChecked.map((item) => inline(item, 500)))}`
      : undefined,
    `Verify these figures from the records:\n\n${fence(facts.verifyCommand, 'sh')}\n\n${PROGRAM_NOTE}`,
    experimentsSection(facts, best),
    section(NOT_JUDGEABLE, notJudgeableLines(facts.runs)),
    bestModelSection(facts, best),
    deploymentSection(facts),
    section('What was learned', lessons(facts.runs, facts, facts.differences ?? [], facts.overSeeds)),
    section('Checks that passed', passedChecks(facts.verdict.checks)),
  )
}

function verdictSentence({ outcome, verdict, reason, waivers, runs }: SummaryFacts): string {
  const candidate = runs.find(({ run }) => run === verdict.candidate)
  const judged = verdict.candidate
    ? `, judged on ${codeLabel(verdict.candidate)}${candidate ? judgeabilityMark(candidate) : ''}`
    : ': no run was judged'
  const failed = verdict.checks.filter(({ status }) => status === 'fail').length
  const missing = verdict.checks.filter(
    ({ status }) => status === 'missing' || status === 'pending_approval',
  ).length
  const counts = [
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(missing > 0 ? [`${missing} without an answer`] : []),
    ...(waivers.length > 0 ? [`${waivers.length} waived by a person`] : []),
  ]
  const tail = counts.length > 0 ? ` Of ${verdict.checks.length} checks, ${counts.join(', ')}.` : ''
  const why = outcome === 'not_passed' && reason ? ` Ended because: ${inline(reason, 600)}` : ''
  return `**Verdict: ${verdict.verdict}**${judged}.${tail}${why}`
}

function accounts({
  tries,
  deletedTries = 0,
  goneRuns,
  looks,
  lookedRuns = [],
  firstCandidate,
  verdict,
  looksElsewhere,
  criteriaChange,
  criteriaProposal,
  waivers,
  reproduced,
}: SummaryFacts): string[] {
  const looked = lookedRuns.length > 0 ? `, for ${inline(lookedRunsWords(lookedRuns), 2000)}` : ''
  const switched = switchedWords(verdict.candidate, firstCandidate)
  const lines = [
    `Tries: ${tries}. A try is a run of a candidate that got a score on validation: each seed counts${deletedTries > 0 ? `, and so do ${deletedTries} that ${deletedTries === 1 ? 'was' : 'were'} deleted since` : ''}; baselines, controls and repetitions do not. The more tries, the more the best of them owes to luck.`,
    ...(goneRuns ? [`In the ledger, and not on disk: ${inline(goneRuns, 2000)}.`] : []),
    `Looks at the sealed test set: ${looks.used} of ${looks.budget}${looked}.${switched ? ` **${capital(inline(switched, 600))}.**` : ''}${looksElsewhere ? ` Other increments looked too: ${inline(looksElsewhere, 400)}.` : ''}`,
  ]
  if (reproduced)
    lines.push(
      `Run again from its record: ${inline(reproduced.outcome.replaceAll('_', ' '), 40)} on ${reproduced.at.slice(0, 10)}.`,
    )
  lines.push(...criteriaProposalLines(criteriaProposal), ...criteriaChangeLines(criteriaChange))
  return [...lines, ...(waivers.length > 0 ? waiverLines(waivers) : ['Waivers: none.'])]
}

function section(title: string, items: readonly string[]): string | undefined {
  return items.length > 0 ? `## ${title}\n\n${bullets(items)}` : undefined
}
