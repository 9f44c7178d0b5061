import { isJudgeable } from '../core/judgeability.ts'
import type { RunSummary } from '../core/run-summary.ts'
import { algorithmOf } from './algorithm.ts'
import { measuredOn, type Ranking, rankRuns } from './best-run.ts'
import type { PairedDifference } from './differences.ts'
import { code, inline } from './markdown-text.ts'
import { judgeabilityMark } from './not-judgeable.ts'
import { formatDuration, formatMeasurement } from './number-format.ts'
import { codeLabel, endReason, STATE_WORDS } from './run-words.ts'
import { singleRuns } from './seed-means.ts'
import type { SyncFacts } from './sync-facts.ts'
import { table } from './table.ts'

/** Alternatives beyond this are counted, not listed: a tuning study has hundreds. */
const MOST_ALTERNATIVES = 25

/** The runs of an increment, best first, each with why it was not chosen. */
export function alternatives(
  facts: SyncFacts,
  ranking: Ranking,
  chosen: RunSummary,
  differences: readonly PairedDifference[],
): string {
  const ranked = rankRuns(singleRuns(facts.runs), ranking)
  const shown = ranked.slice(0, MOST_ALTERNATIVES)
  const rows = shown.map((run) => {
    const value = measuredOn(run, ranking.metric, 'validation')
    return [
      `${codeLabel(run.run)}${run.run === chosen.run ? ' (chosen)' : ''}${run.run === chosen.run ? judgeabilityMark(run) : ''}`,
      inline(algorithmOf(run).name, 80),
      value ? formatMeasurement(value) : 'not measured',
      run.durationS === undefined ? '' : formatDuration(run.durationS),
      run.run === chosen.run ? '' : whyNot(run, ranking, chosen, differences, (facts.looks?.used ?? 0) > 0),
    ]
  })
  const text = table(
    [
      { title: 'Run' },
      { title: 'Algorithm' },
      { title: `${code(ranking.metric)}, validation, measured` },
      { title: 'Time', align: 'right' },
      { title: 'Why not' },
    ],
    rows,
  )
  const more = ranked.length - shown.length
  return more > 0 ? `${text}\n\n${more} more runs stand in the comparison.` : text
}

/** In a phrase; a run that is ahead and was not chosen is where a reader asks most. */
function whyNot(
  run: RunSummary,
  ranking: Ranking,
  chosen: RunSummary,
  differences: readonly PairedDifference[],
  looked: boolean,
): string {
  if (run.state !== 'succeeded') return `${STATE_WORDS[run.state]}: ${endReason(run)}`
  if (!isJudgeable(run) && run.notJudgeable) return run.notJudgeable.mark
  if (run.baseline !== undefined) return 'a baseline: what a model has to beat'
  const value = measuredOn(run, ranking.metric, 'validation')
  const own = measuredOn(chosen, ranking.metric, 'validation')
  if (!value || !own) return 'not measured on validation'
  const fixed = looked
    ? 'the candidate is the run that test was looked at for'
    : 'spec.md names the candidate'
  if (!isJudgeable(chosen)) return fixed
  const tested = differences.find(({ a, b }) => a === run.run || b === run.run)
  const ahead = ranking.direction === 'maximize' ? value.value > own.value : value.value < own.value
  const shown = tested
    ? tested.verdict === 'no_difference_shown'
      ? ', no difference shown'
      : ', shown by a paired comparison'
    : ''
  if (ahead) return `ahead on validation${shown}; ${fixed}`
  return value.value === own.value ? `equal on validation${shown}` : `behind on validation${shown}`
}
