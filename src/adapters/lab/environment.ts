import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readJson, readText } from '../files.ts'
import { packageRoot } from '../package-root.ts'
import { stateFolder } from '../state-folder.ts'

/** The lab's Python environment, complete. */
export interface LabEnvironment {
  folder: string
  /** Its interpreter, an absolute path. */
  python: string
  /** `3.11` */
  version: string
}

/** `ready.json`, written last: an environment without it is half made. */
export interface ReadyMarker {
  format: 1
  lock_sha256: string
  /** `3.11` */
  python: string
  /** `linux-x64`: a state folder on a shared home may hold environments of several machines. */
  platform: string
  made: string
}

export const PLATFORM = `${process.platform}-${process.arch}`

/** The package's own Python code, used through PYTHONPATH: it is never installed into the environment. */
export function labPackage(): string {
  return join(packageRoot(), 'python', 'lab')
}

export function sdkPackage(): string {
  return join(packageRoot(), 'python', 'sdk')
}

export function requirementsLock(): string {
  return join(labPackage(), 'requirements.lock')
}

let lockHash: string | undefined

export function lockSha256(): string {
  lockHash ??= createHash('sha256').update(readFileSync(requirementsLock())).digest('hex')
  return lockHash
}

/** Where the environment of this package's lock lies, for a base Python of that version (`3.11`). */
export function labFolder(pythonVersion: string): string {
  const named = process.env.SPECWEAVE_LAB_DIR
  if (named) return named
  const name = createHash('sha256')
    .update(`${lockSha256()}\n${pythonVersion}\n${PLATFORM}`)
    .digest('hex')
    .slice(0, 12)
  return join(labsFolder(), name)
}

/** Holds the environments and `current`, a text file with the path of the interpreter that was made last. */
export function labsFolder(): string {
  return join(stateFolder(), 'lab')
}

/** Where `current` is written: the Python SDK finds the lab's interpreter by it. */
export function currentFile(): string {
  return join(process.env.SPECWEAVE_LAB_DIR || labsFolder(), 'current')
}

export function environmentFolder(folder: string): string {
  return join(folder, 'venv')
}

export function environmentPython(folder: string): string {
  return join(environmentFolder(folder), 'bin', 'python')
}

/** The environment in that folder, where it is complete and made from this package's lock. */
export function readyEnvironment(folder: string): LabEnvironment | undefined {
  const marker = readJson<ReadyMarker>(join(folder, 'ready.json'))
  const python = environmentPython(folder)
  // The interpreter is a link to the base Python, which may have been removed since.
  if (marker?.lock_sha256 !== lockSha256() || marker.platform !== PLATFORM || !existsSync(python))
    return undefined
  return { folder, python, version: marker.python }
}

/**
 * The lab's environment where it is ready, found without starting a Python; `undefined` where it has to be set up.
 * Without SPECWEAVE_LAB_DIR the one that `current` names is preferred, else any that fits this package's lock.
 */
export function findLab(): LabEnvironment | undefined {
  const named = process.env.SPECWEAVE_LAB_DIR
  if (named) return readyEnvironment(named)
  const current = readText(currentFile())?.trim()
  const candidates = [...(current ? [join(current, '..', '..', '..')] : []), ...folders(labsFolder())]
  for (const folder of candidates) {
    const environment = readyEnvironment(folder)
    if (environment) return environment
  }
  return undefined
}

function folders(parent: string): string[] {
  try {
    return readdirSync(parent, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(parent, entry.name))
  } catch {
    return []
  }
}
