import { isJudgeable } from '../core/judgeability.ts'
import { isEnd } from '../core/run-state.ts'
import type { RunSummary } from '../core/run-summary.ts'
import { bestBaseline, bestRun, measuredOn, type Ranking, rankRuns } from './best-run.ts'
import { otherMetricsTable } from './comparison-metrics.ts'
import { runsTable, type SeedMeans } from './comparison-table.ts'
import { differenceSentence, type PairedDifference } from './differences.ts'
import { differingParamsTable } from './differing-params.ts'
import { bullets, code, inline, paragraphs } from './markdown-text.ts'
import { NOT_JUDGEABLE, notJudgeableLines, standingDifferences } from './not-judgeable.ts'
import { formatMeasurement, formatNumber } from './number-format.ts'
import { DECIDED, decisionLines, type PersonDecisions } from './person-decisions.ts'
import { disagreement, reportedFor } from './reported-figure.ts'
import { codeLabel, endSentence, notesOf } from './run-words.ts'
import { adjustmentWords, type SeedDifferenceFact, seedDifferenceSentence } from './seed-differences.ts'
import { seedMeans, seedMeanText, singleRuns } from './seed-means.ts'

/** What `experiments/comparison.md` is made of. Every run of the increment is in it, however it ended. */
export interface ComparisonFacts extends Ranking, PersonDecisions {
  /** `0042` */
  increment: string
  title: string
  runs: readonly RunSummary[]
  /** The run that is judged, where it is fixed already. */
  candidate?: string
  /** Runs that the ledger knows as measured and that are not on disk, with a value each, as a list. */
  goneRuns?: string
  differences?: readonly PairedDifference[]
  /** Experiments by their means over seeds. */
  overSeeds?: readonly SeedDifferenceFact[]
}

/** The body of the managed block of comparison.md; the same facts give the same text. */
export function renderComparison(facts: ComparisonFacts): string {
  const means = seedMeans(facts.runs, facts.metric, 'validation')
  const ranked = rankRuns(facts.runs, facts, means)
  if (ranked.length === 0) return 'No run was made yet.'
  const best = bestRun(ranked, facts)
  return paragraphs(
    headline(facts, best),
    runsTable(facts, ranked, best, means),
    'A number is *measured* where the lab computed it from the predictions that the run handed in; brackets hold its 95 % interval. ' +
      '*Open* means that the script could see the labels, *sealed* that it could not. *Reported* is what the script said of itself.',
    section(NOT_JUDGEABLE, notJudgeableLines(ranked)),
    section(DECIDED, decisionLines(facts)),
    section('Reported and measured differ', disagreements(facts, ranked)),
    titled(`Differences in ${code(facts.metric)} on validation`, differences(facts)),
    section('Over seeds', overSeeds(facts, means)),
    titled('Other measured metrics', otherMetricsTable(ranked, facts.metric)),
    titled('Parameters that differ', differingParamsTable(ranked)),
    section('Runs that did not succeed', unsuccessful(ranked)),
    section('In the ledger, and not on disk', facts.goneRuns ? [`${inline(facts.goneRuns, 2000)}.`] : []),
    section('Notes', notes(ranked)),
  )
}

function headline(facts: ComparisonFacts, best: RunSummary | undefined): string {
  const { metric, direction } = facts
  const order = direction === 'maximize' ? 'higher is better' : 'lower is better'
  if (!best) {
    return `No succeeded run${facts.runs.every(isJudgeable) ? '' : ' that is judgeable'} has a measured ${code(metric)} on validation (${order}), so none is marked BEST.`
  }
  const value = measuredOn(best, metric, 'validation')!
  const baseline = bestBaseline(facts.runs, facts)
  const floor = baseline && measuredOn(baseline, metric, 'validation')
  const ahead = floor && (direction === 'maximize' ? value.value > floor.value : value.value < floor.value)
  const against = !floor
    ? 'No baseline was measured.'
    : `The best baseline, ${codeLabel(baseline.run)}, has ${formatMeasurement(floor)}${ahead ? '' : ': **no run is ahead of it**'}.`
  const better = rankRuns(facts.runs, facts).find(
    ({ state, baseline }) => state === 'succeeded' && baseline === undefined,
  )
  const leftOut =
    better && !isJudgeable(better)
      ? ` ${codeLabel(better.run)} has a better number, which is not judgeable.`
      : ''
  const judged =
    facts.candidate && facts.candidate !== best.run ? ` The candidate is ${codeLabel(facts.candidate)}.` : ''
  return `Best by measured ${code(metric)} on validation (${order}): ${codeLabel(best.run)}, ${formatMeasurement(value)}. ${against}${leftOut}${judged}`
}

function disagreements({ metric }: ComparisonFacts, ranked: readonly RunSummary[]): string[] {
  return ranked.flatMap((run) => {
    const measured = measuredOn(run, metric, 'validation')
    const reported = reportedFor(run.metrics, metric, 'validation')
    const sentence = measured && reported && disagreement(measured, reported)
    if (sentence) return [`${codeLabel(run.run)}: ${sentence}`]
    return reported && !measured && isEnd(run.state)
      ? [
          `${codeLabel(run.run)}: the script reported ${inline(reported.name)} ${formatNumber(reported.value)}; nothing was measured.`,
        ]
      : []
  })
}

function differences(facts: ComparisonFacts): string | undefined {
  const standing = standingDifferences(facts.differences, facts.runs)
  if (standing.length === 0) return undefined
  return paragraphs(
    adjustmentWords(standing[0]?.tests),
    bullets(standing.map((item) => differenceSentence(item, facts.metric))),
  )
}

function overSeeds({ overSeeds, runs }: ComparisonFacts, means: SeedMeans): string[] {
  return [
    ...[...means].map(
      ([run, mean]) =>
        `${codeLabel(run)}: ${mean ? `${seedMeanText(mean)}, measured on validation` : 'nothing was measured of its seeds'}.`,
    ),
    ...standingDifferences(overSeeds, runs).map((one) => `${seedDifferenceSentence(one, codeLabel)}.`),
  ]
}

function unsuccessful(ranked: readonly RunSummary[]): string[] {
  return singleRuns(ranked)
    .filter(({ state }) => isEnd(state) && state !== 'succeeded')
    .map(endSentence)
}

function notes(ranked: readonly RunSummary[]): string[] {
  return ranked.flatMap((run) => notesOf(run).map((note) => `${codeLabel(run.run)}: ${note}`))
}

function section(title: string, items: readonly string[]): string | undefined {
  return items.length > 0 ? titled(title, bullets(items)) : undefined
}

function titled(title: string, body: string | undefined): string | undefined {
  return body && `## ${title}\n\n${body}`
}
