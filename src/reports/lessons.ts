import { isJudgeable } from '../core/judgeability.ts'
import { isEnd } from '../core/run-state.ts'
import type { RunSummary } from '../core/run-summary.ts'
import { bestBaseline, bestRun, measuredOn, type Ranking } from './best-run.ts'
import { differenceSentence, type PairedDifference } from './differences.ts'
import { code } from './markdown-text.ts'
import { judgeabilityMark, standingDifferences } from './not-judgeable.ts'
import { formatMeasurement, formatNumber } from './number-format.ts'
import { disagreement, reportedFor } from './reported-figure.ts'
import { codeLabel, endSentence, notesOf } from './run-words.ts'
import { adjustmentWords, type SeedDifferenceFact, seedDifferenceSentence } from './seed-differences.ts'
import { singleRuns } from './seed-means.ts'

/**
 * What the runs taught, a sentence each: what did not work and the notes left with it, what did, which differences
 * are real, and where a script's own number was wrong. Of a run that no verdict may rest on, that alone.
 */
export function lessons(
  runs: readonly RunSummary[],
  ranking: Ranking,
  differences: readonly PairedDifference[],
  overSeeds: readonly SeedDifferenceFact[] = [],
): string[] {
  const all = singleRuns(runs).sort((a, b) => (a.created < b.created ? -1 : a.created > b.created ? 1 : 0))
  const inOrder = all.filter(isJudgeable)
  return [
    ...inOrder.filter(({ state }) => isEnd(state) && state !== 'succeeded').map(failure),
    ...inOrder.filter(({ state }) => state === 'succeeded').flatMap(noted),
    ...versusBaseline(runs, ranking),
    ...compared(standingDifferences(differences, runs), standingDifferences(overSeeds, runs), ranking),
    ...trainingGap(runs, ranking),
    ...inOrder.flatMap((run) => misreported(run, ranking)),
    ...all
      .filter((run) => !isJudgeable(run))
      .map(
        (run) =>
          `Nothing is learned from the figures of ${codeLabel(run.run)}${judgeabilityMark(run)}, whatever they are.`,
      ),
  ]
}

function compared(
  differences: readonly PairedDifference[],
  overSeeds: readonly SeedDifferenceFact[],
  { metric }: Ranking,
): string[] {
  if (differences.length + overSeeds.length === 0) return []
  return [
    ...differences.map((item) => differenceSentence(item, metric)),
    ...overSeeds.map((one) => `${seedDifferenceSentence(one, codeLabel)}.`),
    `Of these comparisons: ${adjustmentWords(differences[0]?.tests)}`,
  ]
}

function failure(run: RunSummary): string {
  const notes = notesOf(run)
  const words = endSentence(run)
  return notes.length > 0 ? `${stop(words)} Noted: ${notes.join(' ')}` : words
}

function noted(run: RunSummary): string[] {
  const notes = notesOf(run)
  return notes.length > 0 ? [`${codeLabel(run.run)}: ${notes.join(' ')}`] : []
}

function versusBaseline(runs: readonly RunSummary[], ranking: Ranking): string[] {
  const best = bestRun(runs, ranking)
  const floor = bestBaseline(runs, ranking)
  if (!best || !floor) return []
  const value = measuredOn(best, ranking.metric, 'validation')!
  const base = measuredOn(floor, ranking.metric, 'validation')!
  return [
    `On validation, ${codeLabel(best.run)} has ${code(ranking.metric)} ${formatMeasurement(value)}; the best baseline, ${codeLabel(floor.run)}, has ${formatMeasurement(base)}.`,
  ]
}

/** Worth saying from 5 points of a bounded metric, or 5 % of another, on. */
function trainingGap(runs: readonly RunSummary[], ranking: Ranking): string[] {
  const best = bestRun(runs, ranking)
  const train = best && measuredOn(best, ranking.metric, 'train')
  const validation = best && measuredOn(best, ranking.metric, 'validation')
  if (!best || !train || !validation) return []
  const gap =
    ranking.direction === 'maximize' ? train.value - validation.value : validation.value - train.value
  if (gap < 0.05 * Math.max(1, Math.abs(validation.value))) return []
  return [
    `${codeLabel(best.run)} has ${code(ranking.metric)} ${formatNumber(train.value)} on train and ${formatNumber(validation.value)} on validation: it fits its training data better than new data.`,
  ]
}

function misreported(run: RunSummary, { metric }: Ranking): string[] {
  const measured = measuredOn(run, metric, 'validation')
  const reported = reportedFor(run.metrics, metric, 'validation')
  const sentence = measured && reported && disagreement(measured, reported)
  return sentence ? [`${codeLabel(run.run)}: ${sentence}`] : []
}

function stop(text: string): string {
  return /[.!?…]$/.test(text) ? text : `${text}.`
}
