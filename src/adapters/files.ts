import { randomBytes } from 'node:crypto'
import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
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

/** Replaces a file whole: a reader sees the old text or the new one, never a part. Makes the folder where it is missing. */
export function writeFileAtomic(
  path: string,
  text: string,
  options: { mode?: number; sync?: boolean } = {},
): void {
  mkdirSync(dirname(path), { recursive: true })
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
    rmSync(temporary, { force: true })
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

/** @returns `undefined` where the file is missing, or is not (yet) whole JSON. */
export function readJson<T>(path: string): T | undefined {
  const text = readText(path)
  if (text === undefined) return undefined
  try {
    return JSON.parse(text) as T
  } catch {
    return undefined
  }
}

/** @returns `undefined` where the file is missing. */
export function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw cause
  }
}

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
