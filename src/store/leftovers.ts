import { type Dirent, existsSync, readdirSync, rmSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { removeWorktree } from '../adapters/git/worktree.ts'
import { processStartTime } from '../adapters/process/identity.ts'
import type { Layout } from './layout.ts'

/** Names under which things are made before they get their own: never whole, so nobody misses them. */
const HALF_MADE = /^\.(?:new|tmp)-|\.(?:tmp|new|old)-[0-9a-f-]+$|^\.(?:started|exit)\.json\.\d+$/
const MAKER = /[-.](\d+)(?:-[0-9a-f]+)?$/

/** What names a dead process; a process of another machine is given as much time. */
const DEAD_AFTER_MS = 60_000
/** A registration may copy data for long. */
const NAMELESS_AFTER_MS = 3600_000

/**
 * Removes what processes that were killed in the middle of making something left in a workspace.
 * @returns the paths that were removed.
 */
export function removeLeftovers(layout: Layout): string[] {
  const stale = [...[...reservations(layout), ...halfMade(layout)].filter(isStale), ...smokeRuns(layout)]
  for (const path of stale) rmSync(path, { recursive: true, force: true })
  const trees = abandonedCode(layout)
  for (const tree of trees) removeWorktree(tree)
  return [...stale, ...trees]
}

/** Code of reproductions whose run has ended, or is gone: one that runs has its code until its very end. */
function abandonedCode({ worktrees, increments }: Layout): string[] {
  const live = new Set(
    subfolders(increments).flatMap((increment) =>
      subfolders(join(increment, 'experiments'))
        .filter((run) => !existsSync(join(run, 'end.json')) || existsSync(join(run, '.gitignore')))
        .map((run) => `${basename(increment).split('-')[0]}-${basename(run)}`),
    ),
  )
  for (const { name } of entries(worktrees))
    if (name.endsWith('.ready') && !live.has(name.slice(0, -'.ready'.length)))
      rmSync(join(worktrees, name), { force: true })
  return subfolders(worktrees).filter((tree) => !live.has(basename(tree)))
}

/** What a preflight left where its run has ended: one that has not may be in the middle of it. */
function smokeRuns({ increments }: Layout): string[] {
  return subfolders(increments)
    .flatMap((increment) => subfolders(join(increment, 'experiments')))
    .flatMap((run) => [run, ...subfolders(run)])
    .filter((run) => existsSync(join(run, 'end.json')) && !existsSync(join(run, '.gitignore')))
    .map((run) => join(run, '.preflight'))
    .filter((path) => existsSync(path))
}

function reservations({ reservations: folder }: Layout): string[] {
  return entries(folder)
    .filter((entry) => entry.isFile())
    .map(({ name }) => join(folder, name))
}

function halfMade(layout: Layout): string[] {
  const increments = subfolders(layout.increments)
  const experiments = increments.map((folder) => join(folder, 'experiments'))
  const runs = experiments.flatMap(subfolders)
  const places = [
    layout.folder,
    layout.reservations,
    layout.jobs,
    ...subfolders(layout.jobs),
    layout.code,
    layout.ledger,
    layout.insights,
    ...subfolders(layout.datasets),
    ...increments.flatMap((folder) => [
      folder,
      ...['scripts', 'models', 'data', 'reports'].map((name) => join(folder, name)),
    ]),
    ...experiments,
    ...runs,
    ...runs.flatMap(subfolders),
    layout.docs,
    ...subfolders(layout.docs),
    ...subfolders(layout.docs).flatMap(subfolders),
  ]
  return places.flatMap((place) =>
    entries(place)
      .filter(({ name }) => HALF_MADE.test(name))
      .map(({ name }) => join(place, name)),
  )
}

function isStale(path: string): boolean {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (!stat) return false
  const ageMs = Date.now() - stat.mtimeMs
  const maker = MAKER.exec(basename(path))?.[1]
  const isDead = maker !== undefined && processStartTime(Number(maker)) === undefined
  return ageMs > (isDead ? DEAD_AFTER_MS : NAMELESS_AFTER_MS)
}

function subfolders(folder: string): string[] {
  return entries(folder)
    .filter((entry) => entry.isDirectory() && !HALF_MADE.test(entry.name))
    .map(({ name }) => join(folder, name))
}

function entries(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch {
    return []
  }
}
