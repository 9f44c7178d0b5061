import { createHash, randomBytes } from 'node:crypto'
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { dirname, isAbsolute, join, relative, resolve } from 'node:path'
import { Refusal } from '../core/errors.ts'

/** A name for what is being made: it tells who makes it, so that what a dead process left can be removed. */
export function temporaryName(kind: 'tmp' | 'new'): string {
  return `.${kind}-${process.pid}-${randomBytes(6).toString('hex')}`
}

function temporaryBeside(path: string): string {
  return join(dirname(path), temporaryName('tmp'))
}

function writeWhole(path: string, text: string, mode: number, sync: boolean): void {
  const fd = openSync(path, 'wx', mode)
  try {
    const bytes = Buffer.from(text)
    for (let offset = 0; offset < bytes.length; ) offset += writeSync(fd, bytes, offset)
    if (sync) fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

/** Makes a folder in one that exists: what was moved or taken away with all around it is not made a second time. */
export function makeFolder(path: string, mode = 0o777): void {
  try {
    mkdirSync(path, { mode })
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw asRefusal(cause, path)
  }
}

interface WriteOptions {
  mode?: number
  sync?: boolean
}

/** As {@link replaceFile}, and makes the folders where they are missing. */
export function writeFileAtomic(path: string, text: string, options: WriteOptions = {}): void {
  mkdirSync(dirname(path), { recursive: true })
  replaceFile(path, text, options)
}

/** Replaces a file whole, in a folder that exists: a reader sees the old text or the new one, never a part. */
export function replaceFile(path: string, text: string, options: WriteOptions = {}): void {
  const temporary = temporaryBeside(path)
  try {
    writeWhole(temporary, text, options.mode ?? 0o666, options.sync ?? false)
    renameSync(temporary, path)
  } catch (cause) {
    rmSync(temporary, { force: true })
    throw asRefusal(cause, path)
  }
}

/**
 * Creates a file that must come into being once, whole from its first moment (a temporary file and a hard link).
 * @returns false where the file existed already; it is left as it is.
 */
export function createExclusive(path: string, text: string, options: { mode?: number } = {}): boolean {
  const temporary = temporaryBeside(path)
  try {
    writeWhole(temporary, text, options.mode ?? 0o666, false)
    linkSync(temporary, path)
    return true
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code
    if (code === 'EEXIST') return false
    if (code === 'EPERM' || code === 'ENOTSUP' || code === 'EOPNOTSUPP') return createWithoutLink(path, text)
    throw asRefusal(cause, path)
  } finally {
    removeQuietly(temporary)
  }
}

/** Whether the file was created is known by now: a disk that has become read-only since must not make that a failure. */
function removeQuietly(temporary: string): void {
  try {
    rmSync(temporary, { force: true })
  } catch {
    // It is removed with what the dead leave.
  }
}

/** For file systems without hard links: exclusive, but a reader may meet the file while it is still short. */
function createWithoutLink(path: string, text: string): boolean {
  try {
    writeWhole(path, text, 0o666, false)
    return true
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw asRefusal(cause, path)
  }
}

/** @returns `undefined` where the file is missing, is not (yet) whole JSON, or is a link: records are files. */
export function readJson<T>(path: string): T | undefined {
  const text = readRegular(path, constants.O_NOFOLLOW)
  if (text === undefined) return undefined
  try {
    return JSON.parse(text) as T
  } catch {
    return undefined
  }
}

/** @returns `undefined` where the file is missing, or is no file: a FIFO would never end, nor would a device. */
export function readText(path: string): string | undefined {
  return readRegular(path, 0)
}

function readRegular(path: string, flags: number): string | undefined {
  const fd = openRegular(path, flags)
  if (fd === undefined) return undefined
  try {
    return readFileSync(fd, 'utf8')
  } finally {
    closeSync(fd)
  }
}

/**
 * Opens a file for reading. What a run or a repository has put in its place is not waited for: a FIFO, a device, a folder.
 * @param flags more of them, such as O_NOFOLLOW for files that are ours and never links
 * @returns the descriptor, to be closed; `undefined` where there is no such file
 */
export function openRegular(path: string, flags = 0): number | undefined {
  let fd: number
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | flags)
  } catch (cause) {
    if (ABSENT.has((cause as NodeJS.ErrnoException).code ?? '')) return undefined
    throw cause
  }
  if (fstatSync(fd).isFile()) return fd
  closeSync(fd)
  return undefined
}

const HASHED_AT_ONCE = 4 * 1024 * 1024

/** SHA-256 of a file, in hex, whatever its size. @throws what the file system says where it cannot be read. */
export function hashFile(path: string): string {
  const hash = createHash('sha256')
  const chunk = Buffer.allocUnsafe(HASHED_AT_ONCE)
  const fd = openSync(path, 'r')
  try {
    for (let read = readSync(fd, chunk); read > 0; read = readSync(fd, chunk))
      hash.update(chunk.subarray(0, read))
  } finally {
    closeSync(fd)
  }
  return hash.digest('hex')
}

/** A link that leads in a circle, or is none that may be followed, is as good as missing; so is a socket. */
const ABSENT: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO', 'ENAMETOOLONG'])

/**
 * Resolves a path that a user gave, relative to `root`, symbolic links followed as far as they exist.
 * @throws Refusal PATH_OUTSIDE_WORKSPACE where it leads out of `root`.
 */
export function confine(root: string, path: string): string {
  if (path.includes('\0')) throw new Refusal('INPUT_INVALID', 'A path must not contain a NUL character.')
  const absolute = resolve(root, path)
  const inside = relative(realpathSync(root), realOrNearest(absolute))
  if (inside === '..' || inside.startsWith('../') || isAbsolute(inside)) {
    throw new Refusal('PATH_OUTSIDE_WORKSPACE', `${path} leads outside the workspace ${root}.`, {
      invalid: [{ field: 'path', problem: 'must lie inside the workspace' }],
    })
  }
  return absolute
}

function realOrNearest(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    const parent = dirname(path)
    return parent === path ? path : join(realOrNearest(parent), relative(parent, path))
  }
}

/** A read-only or full file system is the user's to mend, not a defect of ours. */
export function asRefusal(cause: unknown, path: string): unknown {
  const code = (cause as NodeJS.ErrnoException).code
  if (code === 'EROFS' || code === 'EACCES' || code === 'EPERM') {
    return new Refusal(
      'WORKSPACE_READ_ONLY',
      `${path} cannot be written (${code}). Make the workspace writable, or use another folder.`,
      { cause },
    )
  }
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new Refusal(
      'WORKSPACE_READ_ONLY',
      `There is no room left to write ${path} (${code}). Free some space and call again.`,
      { cause },
    )
  }
  return cause
}
