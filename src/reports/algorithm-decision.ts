import { isJudgeable } from '../core/judgeability.ts'
import { switchedWords } from '../core/look-words.ts'
import type { RunSummary } from '../core/run-summary.ts'
import { algorithmOf } from './algorithm.ts'
import { bestBaseline, bestRun, measuredOn, type Ranking } from './best-run.ts'
import { alternatives } from './considered-alternatives.ts'
import { criterionText } from './criterion-text.ts'
import { differenceSentence, type PairedDifference } from './differences.ts'
import { bullets, code, inline, link, paragraphs } from './markdown-text.ts'
import { standingDifferences } from './not-judgeable.ts'
import { formatBytes, formatCount, formatDuration, formatMeasurement, formatNumber } from './number-format.ts'
import { DECIDED, decisionLines } from './person-decisions.ts'
import { codeLabel } from './run-words.ts'
import { chosenRun, type SyncFacts } from './sync-facts.ts'

const STATUS: Readonly<Record<SyncFacts['status'], string>> = {
  planned: 'proposed',
  active: 'proposed: the increment is in work',
  paused: 'proposed: the increment is paused',
  ready_for_review: 'proposed: waits for review',
  completed: 'accepted',
  abandoned: 'rejected: the increment ended without passing; no model goes into use',
}

export function decisionTitle(facts: SyncFacts): string {
  return `Algorithm of ${inline(facts.title)}`
}

/**
 * The body of the decision record on the choice of algorithm, with the sections of MADR.
 * @returns `undefined` while there is no measured run to decide on.
 */
export function renderAlgorithmDecision(facts: SyncFacts): string | undefined {
  const chosen = chosenRun(facts)
  const { ranking } = facts
  if (!chosen || !ranking || !measuredOn(chosen, ranking.metric, 'validation')) return undefined
  const differences = standingDifferences(facts.differences, facts.runs).filter(
    ({ a, b }) => a === chosen.run || b === chosen.run,
  )
  const decided = decisionLines(facts)
  return paragraphs(
    bullets([
      `Status: ${STATUS[facts.status]}`,
      `Decided on: ${evidenceDate(chosen)}, by the records of increment ${facts.increment}`,
      ...verdictLine(facts),
    ]),
    `## Context\n\n${context(facts, ranking)}`,
    `## Considered alternatives\n\n${alternatives(facts, ranking, chosen, differences)}`,
    `## Decision\n\n${decision(facts, ranking, chosen, differences)}`,
    decided.length > 0 ? `## ${DECIDED}\n\n${bullets(decided)}` : undefined,
    `## Consequences\n\n${bullets(consequences(ranking, chosen))}`,
    `## What would change this\n\n${bullets(triggers(facts, ranking, differences))}`,
    `More: ${link('comparison of all runs', `../../../../increments/${facts.folder}/experiments/comparison.md`)}, ${link('specification', `../../../../increments/${facts.folder}/spec.md`)}.`,
  )
}

/** What failed, or was let be, belongs to the choice: a reader of this record alone must not miss it. */
function verdictLine({ verdict, firstCandidate }: SyncFacts): string[] {
  if (!verdict) return []
  const of = (status: 'fail' | 'waived') =>
    verdict.checks.filter((check) => check.status === status).map(({ id }) => inline(id, 80))
  const [failed, waived] = [of('fail'), of('waived')]
  const switched = switchedWords(verdict.candidate, firstCandidate)
  return [
    `Last verdict: ${[
      verdict.verdict,
      ...(failed.length > 0 ? [`failed: ${failed.join(', ')}`] : []),
      ...(waived.length > 0 ? [`waived by a person: ${waived.join(', ')}`] : []),
    ].join('; ')}`,
    ...(switched ? [`Note: ${inline(switched, 600)}`] : []),
  ]
}

function context(
  { title, problemType, dataset, criteria }: SyncFacts,
  { metric, direction }: Ranking,
): string {
  const data = dataset
    ? ` The data is ${code(dataset.dataset)} (${formatCount(dataset.rows)} rows, target ${code(dataset.target)}).`
    : ''
  const asked = criteria.map(criterionText)
  const wanted = asked.length > 0 ? ` Asked for: ${asked.join(', ')}.` : ''
  return `${inline(title)} is a ${problemType.replace('_', ' ')} problem.${data}${wanted} Runs are ranked by measured ${code(metric)} on validation; ${direction === 'maximize' ? 'higher' : 'lower'} is better.`
}

function decision(
  facts: SyncFacts,
  ranking: Ranking,
  chosen: RunSummary,
  differences: readonly PairedDifference[],
): string {
  const value = measuredOn(chosen, ranking.metric, 'validation')!
  const test = measuredOn(chosen, ranking.metric, 'test')
  const baseline = bestBaseline(facts.runs, ranking)
  const floor = baseline && measuredOn(baseline, ranking.metric, 'validation')
  const best = bestRun(facts.runs, ranking)
  const { name } = algorithmOf(chosen)
  const sentences = [
    `${inline(name)}, as trained by ${codeLabel(chosen.run)}: ${code(ranking.metric)} ${formatMeasurement(value)} on validation`,
    test
      ? ` and ${formatMeasurement(test)} on the sealed test set.`
      : `. ${code(ranking.metric)} was not measured on the sealed test set.`,
    floor
      ? ` The best baseline, ${codeLabel(baseline.run)}, has ${formatMeasurement(floor)}.`
      : ' No baseline was measured.',
    isJudgeable(chosen) ? notTheBest(chosen, best) : `\n\n${restsOnNothing(chosen, best)}`,
  ].join('')
  if (!isJudgeable(chosen)) return sentences
  const words =
    differences.length > 0
      ? bullets(differences.map((item) => differenceSentence(item, ranking.metric)))
      : 'The runs were not compared on the same rows, so the ranking rests on their separate intervals.'
  return `${sentences}\n\n${words}`
}

function notTheBest(chosen: RunSummary, best: RunSummary | undefined): string {
  return best && best.run !== chosen.run
    ? ` It is not the best on validation: ${codeLabel(best.run)} is.`
    : ''
}

/** Of a candidate that was fixed, or named, before or although its number was known to say nothing. */
function restsOnNothing({ notJudgeable }: RunSummary, best: RunSummary | undefined): string {
  const instead = best
    ? `Best on validation of those that are judgeable is ${codeLabel(best.run)}.`
    : 'No other run is judgeable.'
  return `**No verdict may rest on it**: ${inline(notJudgeable?.reason ?? '', 600)} It is compared with no run. ${instead}`
}

function consequences({ metric }: Ranking, chosen: RunSummary): string[] {
  const model = chosen.artifacts.find(({ kind }) => kind === 'model')
  const train = measuredOn(chosen, metric, 'train')
  const validation = measuredOn(chosen, metric, 'validation')
  return [
    `Training took ${chosen.durationS === undefined ? 'an unrecorded time' : formatDuration(chosen.durationS)}.`,
    model
      ? `The model file has ${formatBytes(model.bytes)}.`
      : 'No model file was handed in: there is nothing to deploy yet.',
    train && validation
      ? `${code(metric)} is ${formatNumber(train.value)} on train against ${formatNumber(validation.value)} on validation.`
      : `The gap between train and validation is not known: nothing was handed in for train.`,
    ...chosen.warnings.map((warning) => `Warning of the run: ${inline(warning)}`),
  ]
}

function triggers(facts: SyncFacts, { metric }: Ranking, differences: readonly PairedDifference[]): string[] {
  const unclear = differences.filter(({ verdict }) => verdict === 'no_difference_shown')
  const chosen = chosenRun(facts)?.run
  return [
    `A run whose measured ${code(metric)} on validation is better in a paired comparison on the same rows.`,
    ...unclear.map(
      ({ a, b }) =>
        `${codeLabel(a === chosen ? b : a)} is not shown to be worse: cost, size or latency may decide for it.`,
    ),
    `A new version of ${facts.dataset ? code(facts.dataset.name) : 'the data'}, or a changed criterion in spec.md.`,
  ]
}

/** The day of the run that the decision rests on; today's date would change the file at each synchronisation. */
function evidenceDate(run: RunSummary): string {
  return inline((run.ended ?? run.created).slice(0, 10))
}
