import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { readJson } from '../adapters/files.ts'
import type { Claim, End, Exit, RunFacts, RunRecord, Started, StopRequest } from './record.ts'

const CLAIM = /^claim-(\d+)\.json$/

/**
 * Reads what a run's folder says about its life; `undefined` where there is no run.json.
 * The exit is read last, by the caller that judges liveness (see {@link rereadExit}).
 */
export function readFacts(folder: string): RunFacts | undefined {
  const record = readJson<RunRecord>(join(folder, 'run.json'))
  if (!record) return undefined
  const names = list(folder)
  const facts: RunFacts = { record }
  const highest = Math.max(0, ...names.map((name) => Number(CLAIM.exec(name)?.[1] ?? 0)))
  if (highest > 0) {
    const claim = readJson<Claim>(join(folder, `claim-${highest}.json`))
    if (claim) facts.claim = { ...claim, n: highest }
  }
  if (names.includes('started.json')) facts.started = readJson<Started>(join(folder, 'started.json'))
  if (names.includes('stop.json')) facts.stop = readJson<StopRequest>(join(folder, 'stop.json'))
  if (names.includes('exit.json')) facts.exit = readJson<Exit>(join(folder, 'exit.json'))
  if (names.includes('end.json')) facts.end = readJson<End>(join(folder, 'end.json'))
  if (facts.end && names.includes('.gitignore')) facts.unfinished = true
  facts.inode =
    record.made_by === 'lab' ? inodeOf(join(folder, 'logs', 'stdout.log')) : firstEventsInode(folder, facts)
  if (record.made_by !== 'lab' && record.dataset && !facts.end) {
    facts.unscored = list(join(folder, 'predictions')).some((name) => name.endsWith('.csv'))
  }
  return facts
}

export function rereadExit(folder: string, facts: RunFacts): RunFacts {
  return facts.exit ? facts : { ...facts, exit: readJson<Exit>(join(folder, 'exit.json')) }
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
