import { rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { createExclusive, readJson, writeFileAtomic } from '../adapters/files.ts'
import { isEnd } from '../core/run-state.ts'
import type { Index } from '../store/index-db.ts'
import type { Ending } from './end-state.ts'
import { indexRun } from './index-run.ts'
import { dropPrivate } from './private-request.ts'
import type { End, RunFacts } from './record.ts'
import { metricsOf, summarizeRun } from './summary.ts'

export interface FinishDetails {
  judgedBy: End['judged_by']
  warnings: string[]
  resources: End['resources']
  /** Time awake, where a supervisor measured it. */
  awakeS?: number
  signalled?: boolean
  /** Of a script's run, which has no wrapper whose files would tell. */
  times?: { ended: string; durationS: number }
}

/** Writes the one truth about a run's end, then what people and other tools read, then the index. */
export function finishRun(
  index: Index,
  run: string,
  folder: string,
  facts: RunFacts,
  ending: Ending,
  details: FinishDetails,
): void {
  const started = modified(join(folder, 'started.json'))
  const ended = modified(join(folder, 'exit.json')) ?? Date.now()
  const wallS = started === undefined ? null : Math.max(0, (ended - started) / 1000)
  const durationS = wallS === null ? null : Math.min(wallS, details.awakeS ?? wallS)
  const end: End = {
    state: ending.state,
    reason: ending.reason,
    exit_code: facts.exit?.exit_code ?? null,
    signal:
      details.signalled && (facts.exit?.exit_code ?? 0) > 128
        ? signalName((facts.exit?.exit_code ?? 0) - 128)
        : null,
    started: started === undefined ? null : new Date(started).toISOString(),
    ended: details.times?.ended ?? new Date(ended).toISOString(),
    duration_s: rounded(details.times?.durationS ?? durationS),
    asleep_s: wallS === null || durationS === null ? 0 : Math.round(Math.max(0, wallS - durationS)),
    judged_by: details.judgedBy,
    warnings: details.warnings,
    resources: details.resources,
  }
  createExclusive(join(folder, 'end.json'), `${JSON.stringify(end, undefined, 2)}\n`)
  dropPrivate(folder)
  rmSync(join(folder, 'asked.params.json'), { force: true })
  indexRun(index, run, folder)
  writeDerived(index, run, folder)
  rmSync(join(folder, '.gitignore'), { force: true })
}

/** `params.json` and `metrics.json`, made from the events and the evidence: for people and other tools. */
export function writeDerived(index: Index, run: string, folder: string): void {
  const summary = summarizeRun(index, run)
  if (!summary || !isEnd(summary.state)) return
  writeIfChanged(join(folder, 'params.json'), summary.params)
  writeIfChanged(join(folder, 'metrics.json'), metricsOf(index, run))
}

function writeIfChanged(path: string, value: unknown): void {
  if (JSON.stringify(readJson(path)) === JSON.stringify(value)) return
  writeFileAtomic(path, `${JSON.stringify(value, undefined, 2)}\n`)
}

function rounded(seconds: number | null): number | null {
  return seconds === null ? null : Math.round(seconds * 1000) / 1000
}

function modified(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs
}

function signalName(number: number): string {
  return { 9: 'SIGKILL', 15: 'SIGTERM' }[number] ?? `signal ${number}`
}
