import type { RunSummary } from '../core/run-summary.ts'
import { measuredOn } from './best-run.ts'
import type { ComparisonFacts } from './comparison.ts'
import { code, inline } from './markdown-text.ts'
import { judgeabilityMark } from './not-judgeable.ts'
import { formatDuration, formatMeasurement, formatNumber } from './number-format.ts'
import { reportedFor } from './reported-figure.ts'
import { codeLabel, STATE_WORDS } from './run-words.ts'
import { type SeedMean, seedMeanText } from './seed-means.ts'
import { table } from './table.ts'

export type SeedMeans = ReadonlyMap<string, SeedMean | undefined>

/** A row a run, best first; a run that gathers seeds has their mean. */
export function runsTable(
  facts: ComparisonFacts,
  ranked: readonly RunSummary[],
  best: RunSummary | undefined,
  means: SeedMeans,
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
      validation
        ? `${formatMeasurement(validation)} ${validation.grade ?? ''}`.trim()
        : meanOfSeeds(run, means),
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
    judgeabilityMark(run),
    run.threshold ? ` (labels by score >= ${formatNumber(run.threshold.value)})` : '',
  ].join('')
}

function meanOfSeeds({ run }: RunSummary, means: SeedMeans): string | undefined {
  const mean = means.get(run)
  return mean && `${seedMeanText(mean)}, open`
}
