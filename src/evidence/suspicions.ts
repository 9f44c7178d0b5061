import { statSync } from 'node:fs'
import { join } from 'node:path'
import { readJson } from '../adapters/files.ts'
import { canonicalJson } from '../core/canonical-json.ts'
import type { RunSummary } from '../core/run-summary.ts'
import { readEvidence } from './evidence-file.ts'
import type { Ledger } from './ledger.ts'
import { samePredictions } from './same-predictions.ts'

/** A run with its folder. */
export type SuspectRun = Pick<RunSummary, 'run' | 'command' | 'params' | 'seed' | 'baseline'> & {
  folder: string
}

/** Clocks of file systems and of other machines may be a little off. */
const CLOCK_S = 60

const MOST_NAMED = 3

/**
 * What is odd about the test predictions of a run, by name. Each can have an honest cause, so that these are warnings; a
 * person who knows the work sees at once which it is.
 * @param runs of the same increment; the run itself may be among them.
 */
export function suspicions(ledger: Ledger, run: SuspectRun, runs: readonly SuspectRun[]): string[] {
  return [...copied(run, runs), ...tooOld(ledger, run), ...otherData(ledger, run)]
}

function copied(run: SuspectRun, runs: readonly SuspectRun[]): string[] {
  const mine = predictionsOf(run.folder)
  const equals = new Map<string, string[]>()
  for (const other of runs) {
    if (other.run === run.run) continue
    const difference = other.baseline ? '' : differenceOf(run, other)
    if (difference === undefined || !samePredictions(mine, predictionsOf(other.folder))) continue
    const odd = other.baseline
      ? `: it says no more than the baseline ${other.baseline}`
      : `, though ${difference}: that has no effect, or one run handed in the other's`
    equals.set(odd, [...(equals.get(odd) ?? []), other.run])
  }
  return [...equals].map(
    ([odd, others]) =>
      `the test predictions of ${run.run} are, row for row, those of ${listed(others)}${odd}`,
  )
}

function listed(runs: readonly string[]): string {
  const more = runs.length - MOST_NAMED
  return more > 0 ? `${runs.slice(0, MOST_NAMED).join(', ')} and ${more} more` : runs.join(', ')
}

function predictionsOf(runFolder: string): string {
  return join(runFolder, 'predictions', 'test.csv')
}

/** @returns what makes them two experiments; `undefined` for repetitions, also with another seed. */
function differenceOf(run: SuspectRun, other: SuspectRun): string | undefined {
  const names = [...new Set([...Object.keys(run.params), ...Object.keys(other.params)])].filter(
    (name) => canonicalJson(run.params[name] ?? null) !== canonicalJson(other.params[name] ?? null),
  )
  if (names.length > 0)
    return `${names.slice(0, 3).join(', ')}${names.length > 3 ? ', ...' : ''} ${names.length > 1 ? 'differ' : 'differs'}`
  if (canonicalJson(run.command) !== canonicalJson(other.command)) return 'they are other commands'
  // Among others it is the hash of the scripts' text. With another seed it differs in any case.
  const [a, b] = [requestOf(run.folder), requestOf(other.folder)]
  return run.seed === other.seed && a && b && a !== b ? 'the script was changed' : undefined
}

function requestOf(runFolder: string): string | undefined {
  return readJson<{ request?: string }>(join(runFolder, 'run.json'))?.request
}

/** Predictions cannot be of rows that were dealt to the test set later, unless somebody knew them. */
function tooOld(ledger: Ledger, run: SuspectRun): string[] {
  const hash = readEvidence(run.folder)?.dataset_hash
  const at = ledger.lines.find(
    (line) => line.event === 'dataset.registered' && line.verified && line.data.dataset_hash === hash,
  )?.at
  const made = statSync(predictionsOf(run.folder), { throwIfNoEntry: false })?.mtime
  if (!at || !made || made.getTime() >= Date.parse(at) - CLOCK_S * 1000) return []
  return [
    `the test predictions of ${run.run} are of ${made.toISOString()}, before its data was registered (${at}): they were not made from this test set`,
  ]
}

/** Whoever knows a sealed number may have chosen which rows are left; the budget of looks begins anew as well. */
function otherData(ledger: Ledger, run: SuspectRun): string[] {
  const mine = readEvidence(run.folder)?.dataset_hash
  const [increment = ''] = run.run.split('/')
  const looks = ledger.lines.filter(
    ({ event, verified, data }) => event === 'look.taken' && verified && data.increment === increment,
  )
  const at = looks.findIndex(({ data }) => data.run === run.run && data.dataset_hash === mine)
  const other = looks.slice(0, Math.max(0, at)).filter(({ data }) => data.dataset_hash !== mine)
  if (!mine || other.length === 0) return []
  const which = [...new Set(other.map(({ data }) => `${data.run} on ${data.dataset}`))].join(', ')
  return [
    `${run.run} is judged on data that was registered after this increment's first look at a test set (${which}): compare what was changed in the data since, and why`,
  ]
}
