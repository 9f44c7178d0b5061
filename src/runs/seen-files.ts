import { createHash } from 'node:crypto'
import { closeSync, createReadStream, realpathSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, relative } from 'node:path'
import { openRegular, readJson, readText, replaceFile } from '../adapters/files.ts'
import { isCount, isFlag, isOneOf, isText, listOf, maybe, withMembers } from '../core/shape.ts'
import { safeText } from '../core/untrusted-text.ts'
import { list } from './facts.ts'

/** A file that a script's processes were seen to open for reading. */
export interface SeenFile {
  /** Links resolved: relative to the workspace's root, else absolute with `~` for the home folder. */
  path: string
  bytes: number
  /** `null` where the file was changed or removed since it was opened, and for what goes beyond the cap. */
  sha256: string | null
  /** When it was first opened, and last changed before that: ISO 8601, UTC. */
  opened: string
  modified: string
}

/** `seen.json`. What is not in it may have been read all the same: it says what was seen, not what was not. */
export interface SeenRecord {
  format: 1
  files: SeenFile[]
  /** Whether the record was cut off: more files were opened than it holds. */
  complete: boolean
  /** Programs that were started with the registered source among their arguments; absent where none was. */
  started?: SeenStart[]
}

/** A program that is not watched, and what it was given. */
export interface SeenStart {
  /** Shortened, its secrets masked. */
  command: string
  /** The registered source, as the data set's record shows it. */
  source: string
  at: string
}

const FILES = 2000
const STARTS = 100
const HASHED_BYTES = 2 * 1024 ** 3

const isSeenRecord = withMembers({
  format: isOneOf(1),
  files: listOf(
    withMembers({ path: isText, bytes: isCount, sha256: maybe(isText), opened: isText, modified: isText }),
  ),
  complete: isFlag,
  started: maybe(listOf(withMembers({ command: isText, source: isText, at: isText }))),
})

/** @returns `undefined` for a run that nothing was noted of: an older one, or one whose program was not watched. */
export function readSeen(folder: string): SeenRecord | undefined {
  const record = readJson<SeenRecord>(join(folder, 'seen.json'))
  return record !== undefined && isSeenRecord(record) ? record : undefined
}

/**
 * Makes `seen.json` from what the run's processes noted (`seen/<host>.jsonl`, python/sdk/specweave/seen.py) and from the
 * files as they are now. May be done again. A run that noted nothing gets none.
 * @param root the workspace's.
 */
export async function recordSeen(root: string, folder: string): Promise<void> {
  const noted = readNotes(join(folder, 'seen'))
  if (!noted) return
  const shown = shownFrom(root)
  const kept = noted.files.slice(0, FILES)
  const hashes = await hashed(kept)
  const record: SeenRecord = {
    format: 1,
    files: kept
      .map((file) => ({
        path: shown(file.path),
        bytes: file.bytes,
        sha256: hashes.get(file) ?? null,
        opened: new Date(file.t * 1000).toISOString(),
        modified: new Date(Number(BigInt(file.mtime_ns) / 1_000_000n)).toISOString(),
      }))
      .sort((a, b) => order(a.path, b.path) || order(a.modified, b.modified)),
    complete: noted.complete && kept.length === noted.files.length,
    ...(noted.started.length > 0 ? { started: noted.started.slice(0, STARTS).map(startShown(root)) } : {}),
  }
  const path = join(folder, 'seen.json')
  if (JSON.stringify(readJson(path)) === JSON.stringify(record)) return
  replaceFile(path, `${JSON.stringify(record, undefined, 2)}\n`)
}

interface Note {
  path: string
  bytes: number
  mtime_ns: string
  /** Seconds since 1970. */
  t: number
}

interface StartNote {
  command: string
  source: string
  t: number
}

function readNotes(folder: string): { files: Note[]; started: StartNote[]; complete: boolean } | undefined {
  const started = new Map<string, StartNote>()
  const files = new Map<string, Note>()
  let complete = true
  const names = list(folder).filter((name) => name.endsWith('.jsonl'))
  if (names.length === 0) return undefined
  for (const line of names.flatMap((name) => (readText(join(folder, name)) ?? '').split('\n'))) {
    const note = parsed(line)
    if (note?.k === 'full') complete = false
    if (note?.k === 'started' && isStartNote(note) && !started.has(note.command))
      started.set(note.command, note)
    if (note?.k !== 'seen' || !isNote(note)) continue
    const version = `${note.bytes} ${note.mtime_ns} ${note.path}`
    const before = files.get(version)
    if (!before || note.t < before.t) files.set(version, note)
  }
  return {
    files: [...files.values()].sort((a, b) => a.t - b.t || order(a.path, b.path)),
    started: [...started.values()].sort((a, b) => a.t - b.t || order(a.command, b.command)),
    complete,
  }
}

/** A process that was killed may leave a part of a line. */
function parsed(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return value !== null && typeof value === 'object' ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

const LATEST_S = 1e11

function isNote(value: Record<string, unknown>): value is Record<string, unknown> & Note {
  const { path, bytes, mtime_ns, t } = value
  return (
    typeof path === 'string' &&
    path.startsWith('/') &&
    !path.includes('\0') &&
    isCount(bytes) &&
    typeof mtime_ns === 'string' &&
    /^\d{1,20}$/.test(mtime_ns) &&
    typeof t === 'number' &&
    t >= 0 &&
    t < LATEST_S
  )
}

function isStartNote(value: Record<string, unknown>): value is Record<string, unknown> & StartNote {
  const { command, source, t } = value
  return (
    typeof command === 'string' &&
    typeof source === 'string' &&
    typeof t === 'number' &&
    t >= 0 &&
    t < LATEST_S
  )
}

function startShown(root: string): (note: StartNote) => SeenStart {
  const top = real(root)
  const homes = [homedir(), real(homedir())].filter((home) => home.length > 1)
  return ({ command, source, t }) => ({
    command: safeText(
      homes.reduce((text, home) => text.replaceAll(`${home}/`, '~/'), command.replaceAll(`${top}/`, '')),
    ),
    source,
    at: new Date(t * 1000).toISOString(),
  })
}

/** The small ones first, so that the cap leaves out as few as possible. */
async function hashed(files: readonly Note[]): Promise<Map<Note, string>> {
  const found = new Map<Note, string>()
  let left = HASHED_BYTES
  for (const file of [...files].sort((a, b) => a.bytes - b.bytes)) {
    if (file.bytes > left) break
    left -= file.bytes
    const sha256 = await sha256Of(file)
    if (sha256) found.set(file, sha256)
  }
  return found
}

/** A supervisor carries many runs on the same data: what it has hashed, by path, size and time of change. */
const known = new Map<string, string>()

async function sha256Of({ path, bytes, mtime_ns }: Note): Promise<string | undefined> {
  const version = `${bytes} ${mtime_ns} ${path}`
  if (!isStill(path, bytes, mtime_ns)) return undefined
  const before = known.get(version)
  if (before) return before
  let fd: number | undefined
  try {
    fd = openRegular(path)
    if (fd === undefined) return undefined
    const hash = createHash('sha256')
    for await (const part of createReadStream('', { fd, autoClose: false, start: 0 })) hash.update(part)
    if (!isStill(path, bytes, mtime_ns)) return undefined
    const sha256 = hash.digest('hex')
    known.set(version, sha256)
    return sha256
  } catch {
    // Not readable for this process, or on a disk that fails: it was seen, and that is all.
    return undefined
  } finally {
    if (fd !== undefined) closeSync(fd)
  }
}

function isStill(path: string, bytes: number, mtimeNs: string): boolean {
  try {
    const stat = statSync(path, { bigint: true, throwIfNoEntry: false })
    return stat?.isFile() === true && stat.size === BigInt(bytes) && stat.mtimeNs === BigInt(mtimeNs)
  } catch {
    return false
  }
}

/** The record is committed: it names no home folder, and no secret. */
function shownFrom(root: string): (path: string) => string {
  const top = real(root)
  const homes = [homedir(), real(homedir())].filter((home) => home.length > 1)
  return (path) => {
    if (path.startsWith(`${top}/`)) return safeText(relative(top, path))
    const home = homes.find((each) => path.startsWith(`${each}/`))
    return safeText(home ? `~${path.slice(home.length)}` : path)
  }
}

function real(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
