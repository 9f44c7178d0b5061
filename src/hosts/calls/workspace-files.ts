import {
  closeSync,
  constants,
  type Dirent,
  fstatSync,
  openSync,
  readdirSync,
  readSync,
  realpathSync,
  statSync,
} from 'node:fs'
import { extname, join } from 'node:path'
import { confine, readJson } from '../../adapters/files.ts'
import { Refusal } from '../../core/errors.ts'
import { CHILD_FOLDER, EXPERIMENT_FOLDER, INCREMENT_FOLDER, nearest } from '../../core/ids.ts'
import type { Layout } from '../../store/layout.ts'

/** What may be shown of a folder: text that people and scripts write, nothing hidden, no binary artifact. */
const SHOWN = new Set(['.md', '.json', '.yaml', '.yml', '.py', '.csv', '.txt', '.ipynb', '.toml', '.jsonl'])

export interface IncrementFolder {
  /** `0042` */
  id: string
  /** `0042-churn-model` */
  name: string
  path: string
}

export function incrementFolders(layout: Layout): IncrementFolder[] {
  return folders(layout.increments)
    .map((name): IncrementFolder | undefined => {
      const id = INCREMENT_FOLDER.exec(name)?.[1]
      return id ? { id, name, path: join(layout.increments, name) } : undefined
    })
    .filter((folder) => folder !== undefined)
    .sort((a, b) => Number(b.id) - Number(a.id))
}

/** @throws Refusal INCREMENT_UNKNOWN with the nearest ids. */
export function incrementFolder(layout: Layout, id: string): IncrementFolder {
  const folders = incrementFolders(layout)
  const found = folders.find((folder) => folder.id === id || folder.name === id)
  if (found) return found
  const close = nearest(
    id,
    folders.flatMap((folder) => [folder.id, folder.name]),
  )
  throw new Refusal(
    'INCREMENT_UNKNOWN',
    `There is no increment ${id.slice(0, 100)}.${close.length > 0 ? ` Did you mean ${close.join(', ')}?` : ''}`,
  )
}

export function incrementStatus(folder: IncrementFolder): { status: string; title?: string } {
  const metadata = readJson<{ status?: string; title?: string }>(join(folder.path, 'metadata.json'))
  return { status: metadata?.status ?? 'unknown', title: metadata?.title }
}

/** Runs of an increment, the newest number first: `exp-003-xgboost`. */
export function experimentNames(folder: IncrementFolder): string[] {
  const number = (name: string) => Number(EXPERIMENT_FOLDER.exec(name)?.[1])
  return folders(join(folder.path, 'experiments'))
    .filter((name) => EXPERIMENT_FOLDER.test(name))
    .sort((a, b) => number(b) - number(a) || a.localeCompare(b))
}

export function childNames(experiment: string): string[] {
  return folders(experiment)
    .filter((name) => CHILD_FOLDER.test(name))
    .sort()
}

/** Documents of an increment: its own files, its reports, and the comparison of its runs. */
export function documentNames(folder: IncrementFolder): string[] {
  const own = names(folder.path).filter(isShown)
  const inner = folders(folder.path)
  const deeper = ['reports', 'scripts', 'data', 'notebooks', 'models'].flatMap((sub) =>
    names(inner.includes(sub) ? join(folder.path, sub) : '')
      .filter(isShown)
      .map((name) => `${sub}/${name}`),
  )
  const comparison = names(join(folder.path, 'experiments')).includes('comparison.md')
    ? ['comparison.md']
    : []
  return [...own, ...comparison, ...deeper]
}

/** Paths of the living documents, relative to their folder. */
export function docsPaths(layout: Layout): string[] {
  return filesBelow(layout.docs).filter(isShown).sort()
}

export function datasetVersions(layout: Layout): { name: string; version: string }[] {
  return folders(layout.datasets).flatMap((name) =>
    folders(join(layout.datasets, name))
      .filter((folder) => /^v\d+$/.test(folder))
      .map((folder) => ({ name, version: folder.slice(1) }))
      .sort((a, b) => Number(b.version) - Number(a.version)),
  )
}

/**
 * A file below `base` that may be shown; links are followed and must stay below it.
 * @throws Refusal PATH_OUTSIDE_WORKSPACE, RESOURCE_UNKNOWN.
 */
export function shownFile(base: string, path: string, uri: string): string {
  const unknown = () => new Refusal('RESOURCE_UNKNOWN', `There is no ${uri.slice(0, 300)}.`)
  let real: string
  try {
    real = realpathSync(confine(base, path))
  } catch (cause) {
    throw cause instanceof Refusal ? cause : unknown()
  }
  if (!isShown(path) || !isShown(real.split('/').at(-1) ?? '') || !statSync(real).isFile()) throw unknown()
  return real
}

/** At most the first (or last) `limit` bytes of a file, and how long it is; nothing of what is no file. @throws where it is a link */
export function readPart(path: string, limit: number, end: 'head' | 'tail'): { text: string; bytes: number } {
  // A FIFO is not waited for, and a link is not followed.
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW)
  try {
    const stat = fstatSync(file)
    const bytes = stat.isFile() ? stat.size : 0
    const buffer = Buffer.alloc(Math.min(limit, bytes))
    const read = readSync(file, buffer, 0, buffer.length, end === 'tail' ? bytes - buffer.length : 0)
    return { text: buffer.subarray(0, read).toString('utf8'), bytes }
  } finally {
    closeSync(file)
  }
}

function isShown(path: string): boolean {
  return SHOWN.has(extname(path).toLowerCase()) && path.split('/').every((name) => !name.startsWith('.'))
}

function names(folder: string): string[] {
  return entries(folder)
    .map(({ name }) => name)
    .sort()
}

/** Folders in a folder; a link is none, wherever it leads. */
function folders(folder: string): string[] {
  return entries(folder)
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort()
}

/** Paths of the files below a folder, relative to it; links are not followed. */
function filesBelow(folder: string): string[] {
  return entries(folder).flatMap((entry) =>
    entry.isDirectory()
      ? filesBelow(join(folder, entry.name)).map((path) => `${entry.name}/${path}`)
      : [entry.name],
  )
}

function entries(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch {
    return []
  }
}
