import { statSync } from 'node:fs'
import { join } from 'node:path'
import { readJson } from '../adapters/files.ts'
import { processesOfRun } from '../adapters/process/group.ts'
import { liveness } from '../adapters/process/identity.ts'
import { sleep } from '../core/clock.ts'
import type { Index } from '../store/index-db.ts'
import { isIndexTrouble } from '../store/index-trouble.ts'
import type { Workspace } from '../store/workspace.ts'
import type { Claimed } from './claim.ts'
import { list, readFacts } from './facts.ts'
import { indexRun } from './index-run.ts'
import { MetricsFrom } from './metrics-from.ts'
import type { Exit, RunRecord } from './record.ts'
import { codeRoot } from './reproduction-place.ts'
import { Sampler } from './samples.ts'
import { whenThereIsRoom } from './settle.ts'
import { endProcesses, requestStop } from './stop.ts'

const TICK_MS = 250
const INGEST_EVERY_S = 2
/** So much new in the events files is taken up at once: a tool call finds little left to do. */
const INGEST_BYTES = 128 * 1024
/** Where the index could not be used: a look at a locked one blocks this process for seconds. */
const INGEST_AGAIN_S = 15
/** A short run needs no last sample: nobody closed the lid meanwhile. */
const SHORT_S = 5

export interface Watched {
  sampler: Sampler | undefined
  warnings: string[]
  signalled: boolean
}

/**
 * Waits for the end of the command: by the wrapper's own end where this process started it, else by its files. Samples
 * its use, takes up what it logs, and sees to timeout, log limit and requests to stop.
 * @param wrapper settles with the wrapper that this process started.
 */
export async function watchRun(
  workspace: Workspace,
  index: Index,
  { run, folder }: Claimed,
  record: RunRecord,
  wrapper: Promise<void> | undefined,
): Promise<Watched> {
  const warnings: string[] = []
  let wrapperEnded = false
  let failure: unknown
  const woken = wrapper?.then(
    () => {
      wrapperEnded = true
    },
    (cause) => {
      failure = cause
      wrapperEnded = true
    },
  )
  const metricsFrom = new MetricsFrom(workspace.root, folder, record, codeRoot(workspace.layout, record))
  let sampler: Sampler | undefined
  let nextIngest = 0
  let takenUp = 0
  let usable = true
  let nextSample = 0
  let stopping: Promise<void> | undefined
  let signalled = false
  for (;;) {
    const facts = readFacts(folder)
    if (!facts || facts.end || failure) break
    if (facts.started?.never) break
    if (facts.started) {
      sampler ??= new Sampler(folder, facts.started)
      const age = sampler.awakeS()
      if (facts.exit || readJson<Exit>(join(folder, 'exit.json'))) {
        if (age > SHORT_S) sampler.take()
        break
      }
      if (liveness(facts.started) !== 'alive' && processesOfRun(facts.started, folder).length === 0) {
        // The exit code may have come between the two looks.
        if (!readJson<Exit>(join(folder, 'exit.json'))) await sleep(50)
        break
      }
      if (!facts.stop) enforceLimits(workspace, folder, record, age)
      if (age >= nextSample) {
        sampler.take()
        nextSample = age + Math.min(30, Math.max(1, age / 20))
      }
      const logged = eventBytes(folder)
      if (age >= nextIngest || (usable && logged - takenUp >= INGEST_BYTES)) {
        takenUp = logged
        usable = takeUp(index, run, folder, metricsFrom)
        nextIngest = age + (usable ? INGEST_EVERY_S : INGEST_AGAIN_S)
      }
    } else if (wrapperEnded || (facts.stop && !wrapper)) break
    if (facts.stop && !stopping) {
      stopping = endProcesses(folder).then((sent) => {
        signalled ||= sent
        stopping = undefined
      })
    }
    const tick = sleep(wrapperEnded ? 20 : TICK_MS)
    await (woken && !wrapperEnded ? Promise.race([woken, tick]) : tick)
  }
  await stopping
  if (failure) warnings.push(`the wrapper could not be started: ${String(failure)}`)
  warnings.push(...(await lastTake(folder, metricsFrom)))
  return { sampler, warnings, signalled }
}

function enforceLimits(workspace: Workspace, folder: string, record: RunRecord, ageS: number): void {
  const { log_bytes: most } = workspace.config.limits
  const [kind, reason] =
    record.timeout_s !== null && ageS > record.timeout_s
      ? (['timeout', `it ran past its timeout of ${record.timeout_s} s`] as const)
      : logBytes(folder) > most
        ? (['log_limit', `its logs grew past limits.log_bytes (${most})`] as const)
        : []
  if (kind) onFullDisk(() => requestStop(folder, kind, reason))
}

/** @returns false where the index could not be used: the files keep what it would hold. */
function takeUp(index: Index, run: string, folder: string, metricsFrom: MetricsFrom): boolean {
  onFullDisk(() => metricsFrom.take())
  try {
    indexRun(index, run, folder)
    return true
  } catch (cause) {
    if (!isIndexTrouble(cause)) throw cause
    return false
  }
}

async function lastTake(folder: string, metricsFrom: MetricsFrom): Promise<string[]> {
  try {
    return await whenThereIsRoom(folder, () => metricsFrom.take(true))
  } catch (cause) {
    return [`metrics_from: ${cause instanceof Error ? cause.message : String(cause)}`]
  }
}

/** What can be done again at the next tick must not end the watch. */
function onFullDisk(work: () => unknown): void {
  try {
    work()
  } catch {
    // The next tick tries again.
  }
}

function eventBytes(folder: string): number {
  return list(join(folder, 'events')).reduce(
    (sum, name) => sum + (statSync(join(folder, 'events', name), { throwIfNoEntry: false })?.size ?? 0),
    0,
  )
}

function logBytes(folder: string): number {
  return ['stdout.log', 'stderr.log'].reduce(
    (sum, name) => sum + (statSync(join(folder, 'logs', name), { throwIfNoEntry: false })?.size ?? 0),
    0,
  )
}
