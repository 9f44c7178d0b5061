import { randomUUID } from 'node:crypto'
import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Refusal } from '../../core/errors.ts'
import { createExclusive, makeFolder, readJson } from '../files.ts'
import { currentProcess, liveness, type ProcessIdentity } from './identity.ts'

/** A lock that its holder does not let go; tells it from whatever the work under the lock refuses. */
export class LockHeld extends Refusal {}

interface LockRecord {
  holder: ProcessIdentity
  token: string
}

export interface LockOptions {
  signal?: AbortSignal
  /** How long to wait for a holder that lives here; for ever where it is missing. */
  timeoutS?: number
  /** How long to wait for one of another host or container, whose death cannot be judged from here. */
  foreignTimeoutS?: number
  /** Called once, when somebody else is found holding it. */
  waiting?(holder: ProcessIdentity): void
}

/**
 * Runs `work` while no other process does so under the same lock folder.
 *
 * The lock is a row of numbered files, `1.json`, `2.json`, ...: the highest number holds, until it is let go (renamed to
 * `2.free.json`, which needs no room on a full disk) or its process is dead (by pid, start time and boot). Taking it means
 * creating the next number exclusively. A taker that finds a higher number after its own creation, or that its own was had
 * and let go by another, was late and withdraws. Only numbers below one's own are ever removed, so the highest stays in
 * sight and two takers of a dead holder's lock can never both succeed, which "unlink the dead lock, then create mine" cannot promise.
 * @throws LockHeld WORKSPACE_READ_ONLY where a holder keeps it longer than the options allow.
 */
export async function withLock<T>(
  folder: string,
  work: () => T | Promise<T>,
  options: LockOptions = {},
): Promise<T> {
  const number = await acquire(folder, options)
  try {
    return await work()
  } finally {
    release(folder, number)
  }
}

async function acquire(folder: string, options: LockOptions): Promise<number> {
  makeFolder(dirname(folder))
  makeFolder(folder, 0o700)
  let since = performance.now()
  let told = false
  let known = -1
  for (let attempt = 0; ; attempt++) {
    options.signal?.throwIfAborted()
    const top = highest(folder)
    // The limit is for one holder that keeps it, not for a queue that moves.
    if (top !== known) {
      known = top
      since = performance.now()
    }
    const record = readJson<LockRecord>(file(folder, top))
    if (top === 0 || existsSync(freed(folder, top)) || (record && liveness(record.holder) === 'dead')) {
      const mine = take(folder, top + 1)
      if (mine) return top + 1
      continue
    }
    if (record && !told) {
      told = true
      options.waiting?.(record.holder)
    }
    const foreign = !record || liveness(record.holder) === 'foreign'
    const limitS = foreign ? (options.foreignTimeoutS ?? 30) : options.timeoutS
    if (limitS !== undefined && performance.now() - since > limitS * 1000) throw held(folder, top, record)
    await sleep(Math.min(2 ** Math.min(attempt, 5), 20) + Math.random() * 5)
  }
}

function take(folder: string, number: number): boolean {
  const record: LockRecord = { holder: currentProcess(), token: randomUUID() }
  if (!createExclusive(file(folder, number), JSON.stringify(record), { mode: 0o600 })) return false
  // In this order: who removes the freed file has made a higher one before.
  if (existsSync(freed(folder, number)) || highest(folder) > number) {
    rmSync(file(folder, number), { force: true })
    return false
  }
  try {
    for (const lower of numbers(folder))
      if (lower < number)
        for (const path of [file(folder, lower), freed(folder, lower)]) rmSync(path, { force: true })
  } catch {
    // On a disk that has become read-only the lock is ours all the same; who comes next removes them.
  }
  return true
}

/** On a file system that is read-only meanwhile it is let go as soon as it can be. */
function release(folder: string, number: number): void {
  try {
    renameSync(file(folder, number), freed(folder, number))
  } catch (cause) {
    // Taken away with its folder, there is nothing to let go.
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return
    setTimeout(() => release(folder, number), RELEASE_AGAIN_MS).unref()
  }
}

const RELEASE_AGAIN_MS = 1000

function freed(folder: string, number: number): string {
  return join(folder, `${number}.free.json`)
}

function file(folder: string, number: number): string {
  return join(folder, `${number}.json`)
}

function numbers(folder: string): number[] {
  return readdirSync(folder)
    .map((name) => /^(\d+)(?:\.free)?\.json$/.exec(name)?.[1])
    .filter((digits) => digits !== undefined)
    .map(Number)
}

function highest(folder: string): number {
  return Math.max(0, ...numbers(folder))
}

function held(folder: string, number: number, record: LockRecord | undefined): LockHeld {
  const who = record
    ? `process ${record.holder.pid}${liveness(record.holder) === 'foreign' ? ' of another host or container' : ''}`
    : 'a process that left no readable record'
  const path = file(folder, number)
  return new LockHeld('WORKSPACE_READ_ONLY', `${who} holds the lock ${path} and does not let go.`, {
    next: [{ person: `rm '${path}'`, why: `only if ${who} has ended` }],
  })
}
