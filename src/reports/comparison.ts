import { isEnd } from '../core/run-state.ts'
import type { RunSummary } from '../core/run-summary.ts'
import { bestBaseline, bestRun, measuredOn, type Ranking, rankRuns } from './best-run.ts'
import { otherMetricsTable } from './comparison-metrics.ts'
import { differenceSentence, type PairedDifference } from './differences.ts'
import { differingParamsTable } from './differing-params.ts'
import { bullets, code, inline, paragraphs } from './markdown-text.ts'
import { formatDuration, formatMeasurement, formatNumber } from './number-format.ts'
import { disagreement, reportedFor } from './reported-figure.ts'
import { codeLabel, endSentence, notesOf, STATE_WORDS } from './run-words.ts'
import { table } from './table.ts'

/** What `experiments/comparison.md` is made of. Every run of the increment is in it, however it ended. */
export interface ComparisonFacts extends Ranking {
  /** `0042` */
  increment: string
  title: string
  runs: readonly RunSummary[]
  /** The run that is judged, where it is fixed already. */
  candidate?: string
  differences?: readonly PairedDifference[]
}

/** The body of the managed block of comparison.md; the same facts give the same text. */
export function renderComparison(facts: ComparisonFacts): string {
  const ranked = rankRuns(facts.runs, facts)
  if (ranked.length === 0) return 'No run was made yet.'
  const best = bestRun(ranked, facts)
  return paragraphs(
    headline(facts, best),
    runsTable(facts, ranked, best),
    'A number is *measured* where the lab computed it from the predictions that the run handed in; brackets hold its 95 % interval. ' +
      '*Open* means that the script could see the labels, *sealed* that it could not. *Reported* is what the script said of itself.',
    section('Reported and measured differ', disagreements(facts, ranked)),
    section(`Differences in ${code(facts.metric)} on validation`, differences(facts)),
    titled('Other measured metrics', otherMetricsTable(ranked, facts.metric)),
    titled('Parameters that differ', differingParamsTable(ranked)),
    section('Runs that did not succeed', unsuccessful(ranked)),
    section('Notes', notes(ranked)),
  )
}

function headline(facts: ComparisonFacts, best: RunSummary | undefined): string {
  const { metric, direction } = facts
  const order = direction === 'maximize' ? 'higher is better' : 'lower is better'
  if (!best) {
    return `No succeeded run has a measured ${code(metric)} on validation (${order}), so none is marked BEST.`
  }
  const value = measuredOn(best, metric, 'validation')!
  const baseline = bestBaseline(facts.runs, facts)
  const floor = baseline && measuredOn(baseline, metric, 'validation')
  const ahead = floor && (direction === 'maximize' ? value.value > floor.value : value.value < floor.value)
  const against = !floor
    ? 'No baseline was measured.'
    : `The best baseline, ${codeLabel(baseline.run)}, has ${formatMeasurement(floor)}${ahead ? '' : ': **no run is ahead of it**'}.`
  const judged =
    facts.candidate && facts.candidate !== best.run ? ` The candidate is ${codeLabel(facts.candidate)}.` : ''
  return `Best by measured ${code(metric)} on validation (${order}): ${codeLabel(best.run)}, ${formatMeasurement(value)}. ${against}${judged}`
}

function runsTable(
  facts: ComparisonFacts,
  ranked: readonly RunSummary[],
  best: RunSummary | undefined,
): string {
  const { metric } = facts
  // A baseline's test value is shown only beside a candidate's: alone it would be a look that nobody counted.
  const looked = ranked.some((run) => run.baseline === undefined && measuredOn(run, metric, 'test'))
  const rows = ranked.map((run) => {
    const validation = measuredOn(run, metric, 'validation')
    const train = measuredOn(run, metric, 'train')
    const test = measuredOn(run, metric, 'test')
    const reported = reportedFor(run.metrics, metric, 'validation')
    return [
      `${codeLabel(run.run)}${marks(run, best, facts.candidate)}`,
      STATE_WORDS[run.state],
      validation && `${formatMeasurement(validation)} ${validation.grade ?? ''}`.trim(),
      reported && formatNumber(reported.value),
      train && formatNumber(train.value),
      ...(looked ? [test && `${formatMeasurement(test)} ${test.grade ?? ''}`.trim()] : []),
      run.durationS === undefined ? undefined : formatDuration(run.durationS),
    ]
  })
  return table(
    [
      { title: 'Run' },
      { title: 'State' },
      { title: `${code(metric)}, validation, measured` },
      { title: 'Reported', align: 'right' },
      { title: 'Train, measured', align: 'right' },
      ...(looked ? [{ title: 'Test, measured' }] : []),
      { title: 'Time', align: 'right' as const },
    ],
    rows,
  )
}

function marks(run: RunSummary, best: RunSummary | undefined, candidate: string | undefined): string {
  return [
    run.run === best?.run ? ' ✅ BEST' : '',
    run.baseline === undefined ? '' : ` (baseline: ${inline(run.baseline, 60)})`,
    run.run === candidate ? ' (candidate)' : '',
    run.threshold ? ` (labels by score >= ${formatNumber(run.threshold.value)})` : '',
  ].join('')
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

function differences(facts: ComparisonFacts): string[] {
  return (facts.differences ?? []).map((item) => differenceSentence(item, facts.metric))
}

function unsuccessful(ranked: readonly RunSummary[]): string[] {
  return ranked.filter(({ state }) => isEnd(state) && state !== 'succeeded').map(endSentence)
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
