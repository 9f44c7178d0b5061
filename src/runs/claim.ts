import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createExclusive } from '../adapters/files.ts'
import { machineCapacity } from '../adapters/machine.ts'
import { currentProcess } from '../adapters/process/identity.ts'
import { JOB_ID } from '../core/ids.ts'
import type { Index } from '../store/index-db.ts'
import { isIndexTrouble } from '../store/index-trouble.ts'
import { sql } from '../store/schema.ts'
import type { Workspace } from '../store/workspace.ts'
import { readFacts } from './facts.ts'
import { LIVE_STATES } from './index-run.ts'
import type { Claim, RunRecord } from './record.ts'
import { type LiveRun, needsEnding, refreshIndex } from './refresh.ts'
import { freeSlots, runsThatFit } from './slots.ts'

export interface Claimed {
  run: string
  folder: string
  claim: Claim
  /** A run that another supervisor began. */
  adopted: boolean
}

/** What the runs that have not ended leave to be done, from one look at the workspace. */
export interface Outlook {
  live: LiveRun[]
  /** Runs whose supervisor is gone. */
  orphans: LiveRun[]
  /** Queued runs that fit the free slots now, with the GPUs that each would get. */
  ready: Ready[]
}

interface Ready {
  run: string
  folder: string
  gpus: number[]
}

export function outlook(workspace: Workspace, index: Index): Outlook {
  const live = refreshIndex(workspace, index)
  const orphans = live.filter((run) => run.judgement.owner === 'dead' || needsEnding(run))
  return { live, orphans, ready: readyRuns(workspace, index) }
}

/** From the index alone, which every claim brings up to date in the same transaction. */
function readyRuns(workspace: Workspace, index: Index): Ready[] {
  const rows = index
    .all(
      sql
        .selectFrom('runs')
        .select(['run', 'folder', 'state', 'record'])
        .where('state', 'in', LIVE_STATES as string[])
        .where('made_by', '=', 'lab')
        .orderBy('created')
        .orderBy('run'),
    )
    .map((row) => ({ ...row, record: JSON.parse(row.record) as RunRecord }))
    .filter(({ record }) => !record.children)
    // A look from before the claim may have been written down after it: the file decides.
    .map((row) =>
      row.state === 'queued' && existsSync(join(row.folder, 'claim-1.json'))
        ? { ...row, state: 'starting' }
        : row,
    )
  const queued = rows.filter(({ state }) => state === 'queued')
  if (queued.length === 0) return []
  // Jobs are the tools' own work: they take no slot and wait for nobody.
  const jobs = queued
    .filter(({ run }) => JOB_ID.test(run))
    .map(({ run, folder }) => ({ run, folder, gpus: [] }))
  const holding = rows
    .filter(({ state, run }) => state !== 'queued' && !JOB_ID.test(run))
    .map(({ record, folder }) => ({
      resources: record.resources,
      gpus: record.resources.gpus > 0 ? gpusOf(folder) : [],
    }))
  const free = freeSlots(machineCapacity(workspace.config.limits), holding)
  const runs = queued
    .filter(({ run }) => !JOB_ID.test(run))
    .map(({ run, folder, record }) => ({ run, folder, resources: record.resources }))
  return [
    ...jobs,
    ...runsThatFit(runs, free).map(({ run, gpus }) => ({ run: run.run, folder: run.folder, gpus })),
  ]
}

function gpusOf(folder: string): number[] {
  return readFacts(folder)?.claim?.gpus ?? []
}

/**
 * Claims one run for this process: first one whose supervisor died, then the next queued one that fits.
 * The claim itself is a file made by exclusive creation, so that a run is never started twice; the index's write lock
 * only keeps two schedulers from filling one slot, and where it cannot be had the claim alone decides.
 * @param wanted look at this run first.
 */
export function claimNext(workspace: Workspace, index: Index, wanted?: string): Claimed | undefined {
  const { orphans } = outlook(workspace, index)
  for (const orphan of [...orphans].sort((a, b) => Number(b.run === wanted) - Number(a.run === wanted))) {
    const number = (orphan.facts.claim?.n ?? 0) + 1
    const claim = claimRun(orphan.folder, number, orphan.facts.claim?.gpus ?? [])
    if (claim) return { run: orphan.run, folder: orphan.folder, claim, adopted: true }
  }
  let claimed: Claimed | undefined
  const decide = (): void => {
    for (const { run, folder, gpus } of readyRuns(workspace, index)) {
      const claim = claimRun(folder, 1, gpus)
      if (claim) claimed = { run, folder, claim, adopted: false }
      // Claimed by one that could not lock the index: it is no longer queued either way.
      index.driver.run("UPDATE runs SET state = 'starting' WHERE run = ? AND state = 'queued'", [run])
      if (claimed) return
    }
  }
  try {
    index.transaction(decide)
  } catch (cause) {
    // A claim that was made is ours, whatever became of the index after it: nobody else will carry that run.
    if (claimed) return claimed
    if (!isIndexTrouble(cause)) throw cause
    for (const { run, folder, gpus } of readyRuns(workspace, index)) {
      const claim = claimRun(folder, 1, gpus)
      if (claim) return { run, folder, claim, adopted: false }
    }
  }
  return claimed
}

/** @returns `undefined` where another process was faster. */
export function claimRun(folder: string, number: number, gpus: readonly number[]): Claim | undefined {
  const claim: Claim = { ...currentProcess(), at: new Date().toISOString(), gpus: [...gpus] }
  return createExclusive(join(folder, `claim-${number}.json`), `${JSON.stringify(claim)}\n`)
    ? claim
    : undefined
}
