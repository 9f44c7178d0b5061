import { lstatSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { CHILD_FOLDER, EXPERIMENT_FOLDER, INCREMENT_FOLDER, JOB_ID } from '../core/ids.ts'
import type { Index } from '../store/index-db.ts'
import { sql } from '../store/schema.ts'
import type { Workspace } from '../store/workspace.ts'
import { forgetRun, indexRun, LIVE_STATES, type Look } from './index-run.ts'

/** A folder changed this recently may change again within the same tick of its clock. */
const SETTLED_MS = 100

/** For how long runs are taken up in one transaction: each commit costs as much as a small run, and others must get a turn. */
const TOGETHER_MS = 50

export interface LiveRun extends Look {
  run: string
  folder: string
}

/**
 * Brings the index up to the files: new and vanished run folders are found by the modification times of the folders
 * that hold them, and every run that had not ended is looked at again.
 * @returns the runs that have not ended.
 */
export function refreshIndex(workspace: Pick<Workspace, 'layout'>, index: Index): LiveRun[] {
  for (const increment of realFolders(workspace.layout.increments)) {
    const number = INCREMENT_FOLDER.exec(increment)?.[1]
    if (number) refreshFolder(index, join(workspace.layout.increments, increment, 'experiments'), number)
  }
  refreshFolder(index, workspace.layout.jobs, '')
  const live: LiveRun[] = []
  for (const { run, folder, state } of index.all(unended)) {
    const look = (state === 'queued' && stillQueued(folder)) || indexRun(index, run, folder)
    if (look) rememberQueued(folder, look)
    if (!look) forgetRun(index, run)
    else if ((LIVE_STATES as string[]).includes(look.judgement.state) || needsEnding(look))
      live.push({ run, folder, ...look })
  }
  return live
}

/**
 * Live runs, and those that were judged lost while nobody has written their end yet. None of them has an end: said
 * first, since a small index holds those alone.
 */
const unended = sql
  .selectFrom('runs')
  .select(['run', 'folder', 'state'])
  .where('ended', 'is', null)
  .where((where) => where.or([where('state', 'in', LIVE_STATES as string[]), where('made_by', '=', 'lab')]))
  .orderBy('created')
  .orderBy('run')

/** What this process saw of queued runs: a long queue is asked for its folders' times alone. */
const queued = new Map<string, { changed: number; look: Look }>()

/** Claim, stop and start are new files in the folder: while its time stands still, none has come. */
function stillQueued(folder: string): Look | undefined {
  const known = queued.get(folder)
  const changed = statSync(folder, { throwIfNoEntry: false })?.mtimeMs
  if (known && known.changed === changed) return known.look
  queued.delete(folder)
  return undefined
}

function rememberQueued(folder: string, look: Look): void {
  if (look.judgement.state !== 'queued' || look.facts.record.children || queued.has(folder)) return
  const changed = statSync(folder, { throwIfNoEntry: false })?.mtimeMs
  if (changed !== undefined && Date.now() - changed > SETTLED_MS) queued.set(folder, { changed, look })
}

/** Judged ended, but nobody has written `end.json` yet, or done the last act after it. */
export function needsEnding({ facts, judgement }: Look): boolean {
  return (
    facts.record.made_by === 'lab' && (!facts.end || facts.unfinished === true) && judgement.owner === 'dead'
  )
}

/** Takes up the runs of one increment that the index does not know, whatever it knows of the folder's time. */
export function refreshIncrement(
  { layout }: Workspace,
  index: Index,
  increment: { id: string; folder: string },
): void {
  const experiments = join(layout.increments, increment.folder, 'experiments')
  const known = new Map(
    index.driver
      .all('SELECT run, folder FROM runs WHERE increment = ?', [increment.id])
      .map(({ run, folder }) => [run, folder]),
  )
  for (const name of realFolders(experiments)) {
    const [run, path] = [`${increment.id}/${name}`, join(experiments, name)]
    if (EXPERIMENT_FOLDER.test(name) && known.get(run) !== path) indexRun(index, run, path)
  }
}

function refreshFolder(index: Index, folder: string, increment: string): void {
  const stat = lstatSync(folder, { throwIfNoEntry: false })
  const known = index.driver.get('SELECT changed FROM folders WHERE path = ?', [folder])?.changed
  if (!stat?.isDirectory()) {
    if (known !== undefined) forgetFolder(index, folder, increment, new Set())
    return
  }
  const changed = Date.now() - stat.mtimeMs < SETTLED_MS ? 'unsettled' : String(stat.mtimeMs)
  if (known === changed && changed !== 'unsettled') return
  const present = new Set<string>()
  const added: [run: string, path: string][] = []
  const isKnown = (run: string, path: string): boolean =>
    index.driver.get('SELECT folder FROM runs WHERE run = ?', [run])?.folder === path
  for (const [run, path] of runFolders(folder, increment)) {
    present.add(run)
    if (!isKnown(run, path)) added.push([run, path])
  }
  for (let i = 0; i < added.length; ) {
    index.transaction(() => {
      const until = performance.now() + TOGETHER_MS
      // Every process that meets a new index fills it: what another has taken up while this one waited is done.
      for (; i < added.length && performance.now() < until; i++)
        if (!isKnown(...added[i]!)) indexRun(index, ...added[i]!)
    })
  }
  forgetFolder(index, folder, increment, present)
  index.driver.run('INSERT OR REPLACE INTO folders (path, changed) VALUES (?, ?)', [folder, changed])
}

/** A link is none, wherever it leads: what is written into a run's folder stays in the workspace. */
function realFolders(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
  } catch {
    return []
  }
}

function* runFolders(folder: string, increment: string): Generator<[run: string, path: string]> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue
    const path = join(folder, entry.name)
    if (increment === '') {
      if (JOB_ID.test(entry.name)) yield [entry.name, path]
    } else if (EXPERIMENT_FOLDER.test(entry.name)) {
      const run = `${increment}/${entry.name}`
      yield [run, path]
      for (const child of realFolders(path))
        if (CHILD_FOLDER.test(child)) yield [`${run}/${child}`, join(path, child)]
    }
  }
}

/**
 * @param present what a look at the folder found. A run that another process made and indexed since is not forgotten: its
 *   folder is asked for again while nobody else can write to the index.
 */
function forgetFolder(index: Index, folder: string, increment: string, present: ReadonlySet<string>): void {
  const vanished = index
    .all(
      sql
        .selectFrom('runs')
        .select(['run', 'folder'])
        .where('increment', '=', increment)
        .where('folder', 'like', `${folder}/%`),
    )
    .filter(({ run }) => !present.has(run))
  if (vanished.length === 0) return
  index.transaction(() => {
    for (const { run, folder } of vanished) if (!isFolder(folder)) forgetRun(index, run)
  })
}

function isFolder(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}

/** Empties the index and fills it again from the files. */
export function rebuildIndex(workspace: Workspace, index: Index): { runs: number } {
  index.transaction(() => {
    for (const table of [
      'folders',
      'runs',
      'params',
      'metrics',
      'notes',
      'tags',
      'artifacts',
      'curves',
      'sources',
    ] as const) {
      index.run(sql.deleteFrom(table))
    }
    // Last what triggers note of the rows that went.
    for (const table of ['memory', 'memory_sources', 'memory_increments', 'memory_tries', 'memory_due'])
      index.driver.run(`DELETE FROM ${table}`)
  })
  refreshIndex(workspace, index)
  return { runs: Number(index.driver.get('SELECT count(*) AS n FROM runs')?.n ?? 0) }
}
