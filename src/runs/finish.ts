import { existsSync, readdirSync, rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createExclusive, readJson, replaceFile } from '../adapters/files.ts'
import { processStartTime } from '../adapters/process/identity.ts'
import type { Index } from '../store/index-db.ts'
import type { Ending } from './end-state.ts'
import { indexRun } from './index-run.ts'
import { dropPrivate } from './private-request.ts'
import type { End, RunFacts, RunRecord } from './record.ts'
import { dropCode } from './reproduction-place.ts'
import { bootSecondsAtStart } from './samples.ts'
import { metricsOf, summarizeRun } from './summary.ts'

export interface FinishDetails {
  judgedBy: End['judged_by']
  warnings: string[]
  resources: End['resources']
  /** How long the machine slept meanwhile, where a supervisor measured it. */
  asleepS?: number
  /** Time awake until the last look, for a run that left no exit. */
  awakeS?: number
  signalled?: boolean
  /** Of a script's run, which has no wrapper whose files would tell. */
  times?: { ended: string; durationS: number }
}

/**
 * Writes what people and other tools read, then the one truth about a run's end, then shows the folder to Git. Each
 * step may be done again by who comes after a process that died here, and `end.json` is written once.
 */
export function finishRun(
  index: Index,
  run: string,
  folder: string,
  facts: RunFacts,
  ending: Ending,
  details: FinishDetails,
): void {
  dropPrivate(folder)
  writeDerived(index, run, folder)
  createExclusive(
    join(folder, 'end.json'),
    `${JSON.stringify(endOf(folder, facts, ending, details), undefined, 2)}\n`,
  )
  show(index, run, folder)
}

/** What is left to do where a process died after it had written end.json. */
export function completeEnding(index: Index, run: string, folder: string): void {
  indexRun(index, run, folder)
  writeDerived(index, run, folder)
  show(index, run, folder)
}

function show(index: Index, run: string, folder: string): void {
  dropLeftovers(folder)
  dropCode(folder, run)
  rmSync(join(folder, '.gitignore'), { force: true })
  showGroup(dirname(folder))
  indexRun(index, run, folder)
}

/**
 * The folder that gathers seeds hides them all from Git until the last of them has ended.
 * @returns whether Git sees them now.
 */
export function showGroup(folder: string): boolean {
  const { children } = readJson<Partial<RunRecord>>(join(folder, 'run.json')) ?? {}
  if (!Array.isArray(children)) return false
  const ended = children.every((child) => existsSync(join(folder, String(child), 'end.json')))
  if (ended) rmSync(join(folder, '.gitignore'), { force: true })
  return ended
}

function endOf(folder: string, facts: RunFacts, ending: Ending, details: FinishDetails): End {
  const started = facts.started?.never ? undefined : modified(join(folder, 'started.json'))
  const ended = modified(join(folder, 'exit.json')) ?? Date.now()
  const elapsedS = elapsed(folder, facts, details)
  const asleepS = Math.min(details.asleepS ?? 0, elapsedS ?? 0)
  const code = facts.exit?.exit_code ?? null
  return {
    state: ending.state,
    reason: ending.reason,
    exit_code: code,
    signal: details.signalled && (code ?? 0) > 128 ? signalName((code ?? 0) - 128) : null,
    started: started === undefined ? null : new Date(started).toISOString(),
    ended: details.times?.ended ?? new Date(ended).toISOString(),
    duration_s: rounded(details.times?.durationS ?? (elapsedS === null ? null : elapsedS - asleepS)),
    asleep_s: Math.round(asleepS),
    judged_by: details.judgedBy,
    warnings: details.warnings,
    resources: details.resources,
  }
}

/** From start to exit by the machine's own clock, sleep included; by the files' times where it is not to be had. */
function elapsed(folder: string, { started, exit }: RunFacts, details: FinishDetails): number | null {
  if (!started || started.never) return null
  if (!exit) return (details.awakeS ?? 0) + (details.asleepS ?? 0)
  const beganS = bootSecondsAtStart(started)
  if (beganS !== undefined && exit.uptime_s !== undefined && exit.uptime_s >= beganS)
    return exit.uptime_s - beganS
  const [from, to] = ['started.json', 'exit.json'].map((name) => modified(join(folder, name)))
  return from === undefined || to === undefined ? null : Math.max(0, (to - from) / 1000)
}

/** What a process that was killed in the middle of a write left, and the parameters' file that the command read. */
function dropLeftovers(folder: string): void {
  rmSync(join(folder, 'asked.params.json'), { force: true })
  rmSync(join(folder, '.preflight'), { recursive: true, force: true })
  for (const name of readdirSync(folder))
    if (/^\.(?:started|exit)\.json\.\d+$/.test(name) || isOfTheDead(name))
      rmSync(join(folder, name), { force: true })
}

/** A live process may be about to link its file into place: another supervisor that tries to claim the run. */
function isOfTheDead(name: string): boolean {
  const pid = Number(/^\.tmp-(\d+)-/.exec(name)?.[1] ?? 0)
  return pid > 0 && (pid === process.pid || processStartTime(pid) === undefined)
}

/** `params.json` and `metrics.json`, made from the events and the evidence: for people and other tools. */
export function writeDerived(index: Index, run: string, folder: string): void {
  const summary = summarizeRun(index, run)
  if (!summary || !existsSync(folder)) return
  writeIfChanged(join(folder, 'params.json'), summary.params)
  writeIfChanged(join(folder, 'metrics.json'), metricsOf(index, run))
}

function writeIfChanged(path: string, value: unknown): void {
  if (JSON.stringify(readJson(path)) === JSON.stringify(value)) return
  replaceFile(path, `${JSON.stringify(value, undefined, 2)}\n`)
}

function rounded(seconds: number | null): number | null {
  return seconds === null ? null : Math.round(Math.max(0, seconds) * 1000) / 1000
}

function modified(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs
}

function signalName(number: number): string {
  return { 9: 'SIGKILL', 15: 'SIGTERM' }[number] ?? `signal ${number}`
}
