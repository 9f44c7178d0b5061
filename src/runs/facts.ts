import { lstatSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Claim, End, Exit, RunFacts, RunRecord, Started, StopRequest } from './record.ts'
import { readRecord, SHAPES } from './record-shapes.ts'

const CLAIM = /^claim-(\d+)\.json$/

/**
 * Reads what a run's folder says about its life; `undefined` where there is no run.json.
 * The exit is read last, by the caller that judges liveness (see {@link rereadExit}).
 */
export function readFacts(folder: string): RunFacts | undefined {
  const record = readRecord<RunRecord>(join(folder, 'run.json'), SHAPES.run)
  if (!record) return undefined
  const names = list(folder)
  const facts: RunFacts = { record }
  const highest = Math.max(0, ...names.map((name) => Number(CLAIM.exec(name)?.[1] ?? 0)))
  if (highest > 0) {
    const claim = readRecord<Claim>(join(folder, `claim-${highest}.json`), SHAPES.claim)
    if (claim) facts.claim = { ...claim, n: highest }
  }
  if (names.includes('started.json'))
    facts.started = readRecord<Started>(join(folder, 'started.json'), SHAPES.started)
  if (names.includes('stop.json'))
    facts.stop = readRecord<StopRequest>(join(folder, 'stop.json'), SHAPES.stop)
  if (names.includes('exit.json')) facts.exit = readRecord<Exit>(join(folder, 'exit.json'), SHAPES.exit)
  if (names.includes('end.json')) facts.end = readEnd(join(folder, 'end.json'))
  if (facts.end && names.includes('.gitignore')) facts.unfinished = true
  facts.inode =
    record.made_by === 'lab' ? inodeOf(join(folder, 'logs', 'stdout.log')) : firstEventsInode(folder, facts)
  if (record.made_by !== 'lab' && record.dataset && !facts.end) {
    facts.unscored = list(join(folder, 'predictions')).some((name) => name.endsWith('.csv'))
  }
  return facts
}

/** There is one end and it is never written again: where it cannot be read, that is how the run ended. */
function readEnd(path: string): End {
  const end = readRecord<End>(path, SHAPES.end)
  if (end) return end
  const ended = new Date(lstatSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0).toISOString()
  return {
    state: 'lost',
    reason: 'its end.json cannot be read',
    exit_code: null,
    signal: null,
    started: null,
    ended,
    duration_s: null,
    asleep_s: 0,
    judged_by: 'adopter',
    warnings: [],
    resources: null,
  }
}

export function rereadExit(folder: string, facts: RunFacts): RunFacts {
  return facts.exit ? facts : { ...facts, exit: readRecord<Exit>(join(folder, 'exit.json'), SHAPES.exit) }
}

function firstEventsInode(folder: string, facts: RunFacts): RunFacts['inode'] {
  const wanted = facts.started?.events
  const inodes = list(join(folder, 'events')).map((name) => inodeOf(join(folder, 'events', name)))
  return inodes.find((inode) => wanted && inode?.dev === wanted.dev && inode.ino === wanted.ino) ?? inodes[0]
}

function inodeOf(path: string): { dev: number; ino: number } | undefined {
  const stat = statSync(path, { throwIfNoEntry: false })
  return stat ? { dev: stat.dev, ino: stat.ino } : undefined
}

export function list(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
