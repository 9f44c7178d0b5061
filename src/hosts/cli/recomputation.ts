import type { Recomputation, RecomputedDataset, RecomputedSplit } from '../../evidence/recompute.ts'
import type { RecomputedLift } from '../../evidence/recomputed-lifts.ts'
import type { CliIo } from './io.ts'

/** Further ones are counted, not named. */
const MOST_NAMED = 5

/** Prints what was computed again: what is proven on stdout, what is wrong on stderr. @param holds the ledger does. */
export function printRecomputation(io: CliIo, recomputed: Recomputation, holds: boolean): void {
  const { datasets, splits, lifts, costs, problems, proven } = recomputed
  for (const dataset of datasets) printDataset(io, dataset)
  for (const problem of problems) io.err(problem)
  for (const one of splits) printSplit(io, one)
  for (const [problem, which] of unproven(splits)) io.err(`${named(which)}: ${problem}`)
  for (const one of lifts) printLift(io, one)
  const aside = splits.filter(({ status, judged }) => status === 'unknown' && !judged)
  if (aside.length > 0) io.out(leftOut(aside))
  if (costs.length > 0)
    io.out(
      `Not recomputed: what models cost (${named(costs)}): a time belongs to the machine and the moment of its measurement`,
    )
  const sure = splits.filter(({ status }) => status === 'proven')
  const figures = sure.reduce((sum, one) => sum + one.figures, 0)
  const runs = new Set(sure.map(({ run }) => run)).size
  const counted = `${figures} figures of ${runs} run${runs === 1 ? '' : 's'}`
  if (!proven) io.err(`NOT PROVEN. ${counted} came out again; what is wrong stands above.`)
  else if (!holds) io.err(`NOT PROVEN. ${counted} came out again, and what is wrong stands above.`)
  else if (!splits.some(({ judged }) => judged))
    io.out(`No verdict is here whose numbers had to be proven. ${counted} came out again.`)
  else io.out(`Proven: ${counted} came out again from the predictions (within 1e-9).`)
}

function printDataset(io: CliIo, one: RecomputedDataset): void {
  const { dataset, made, source, notCompared, problems } = one
  for (const problem of problems) io.err(`${dataset}: ${problem}`)
  if (problems.length > 0) return
  if (made.length > 0)
    io.out(
      `${dataset}: ${made.join(', ')} made again from ${source}; hash and splits are equal to dataset.json`,
    )
  else if (notCompared === undefined)
    io.out(
      `${dataset}: the sealed labels are on this machine, with the registered hash; ${source} registered again gives what dataset.json says`,
    )
  else
    io.out(
      `${dataset}: the sealed labels are on this machine, with the registered hash; not compared with the source: ${notCompared}`,
    )
}

function printSplit(
  io: CliIo,
  { run, split, status, judged, figures, problems, notes = [] }: RecomputedSplit,
): void {
  if (status === 'proven')
    io.out(`${run} ${split}: ${figures} figures proven${judged ? '' : ' (no verdict read it)'}`)
  for (const note of notes) io.out(`note: ${run} ${split}: ${note}`)
  if (status === 'wrong') for (const problem of problems) io.err(`${run} ${split}: ${problem}`)
}

function printLift(
  io: CliIo,
  { run, baseline, metric, lift, status, judged, problem }: RecomputedLift,
): void {
  const which = `the lift of ${run} over ${baseline} (${metric}, ${lift})`
  if (status === 'proven') io.out(`${which}: proven${judged ? '' : ' (no verdict read it)'}`)
  else if (status === 'unknown' && !judged)
    io.out(`${which}: not recomputed, and no verdict read it: ${problem}`)
  else io.err(`${which}: ${problem}`)
}

/** What a verdict read and could not be computed, by the reason: one reason often holds for many. */
function unproven(splits: readonly RecomputedSplit[]): Map<string, string[]> {
  const reasons = new Map<string, string[]>()
  for (const { run, split, status, judged, problems } of splits) {
    if (status !== 'unknown' || !judged) continue
    for (const problem of problems) reasons.set(problem, [...(reasons.get(problem) ?? []), `${run} ${split}`])
  }
  return reasons
}

function leftOut(aside: readonly RecomputedSplit[]): string {
  const reasons = [...new Set(aside.flatMap(({ problems }) => problems))]
  const which = aside.map(({ run, split }) => `${run} ${split}`)
  return `Not recomputed, and no verdict read it: ${named(which)} (${reasons.join('; ')})`
}

function named(which: readonly string[]): string {
  const more = which.length > MOST_NAMED ? ` and ${which.length - MOST_NAMED} more` : ''
  return which.slice(0, MOST_NAMED).join(', ') + more
}
