import { createHash } from 'node:crypto'
import { statSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { readJson, writeFileAtomic } from '../files.ts'
import { stateFolder } from '../state-folder.ts'

/** What a Python interpreter has installed. */
export interface PythonEnvironment {
  /** The interpreter's path, the home folder shown as `~`. */
  interpreter: string
  python: string
  /** Name of the conda environment, where it is one. */
  conda?: string
  packages: Record<string, string>
}

interface Cached {
  environment: PythonEnvironment
  /** Folders whose change means that a package came or went. */
  folders: Record<string, number>
}

const PROGRAM = `
import importlib.metadata as m, json, os, platform, sys
packages = {}
for d in m.distributions():
    name = d.metadata["Name"]
    if name and name not in packages: packages[name] = d.version
conda = os.path.basename(sys.prefix) if os.path.isdir(os.path.join(sys.prefix, "conda-meta")) else None
print(json.dumps({"python": platform.python_version(), "conda": conda, "packages": dict(sorted(packages.items())),
  "folders": [p for p in sys.path if p and os.path.isdir(p)]}))
`

function rememberedIn(interpreter: string): string {
  const name = createHash('sha256').update(interpreter).digest('hex').slice(0, 24)
  return join(stateFolder(), 'interpreters', `${name}.json`)
}

/** What was found out before, where no package has come or gone since. */
export function rememberedEnvironment(interpreter: string): PythonEnvironment | undefined {
  const cached = readJson<Cached>(rememberedIn(interpreter))
  return cached && Object.entries(cached.folders).every(([folder, changed]) => changedAt(folder) === changed)
    ? cached.environment
    : undefined
}

/** Version and packages of an interpreter, from `importlib.metadata`; remembered until its folders change. */
export async function pythonEnvironment(interpreter: string): Promise<PythonEnvironment | undefined> {
  const remembered = rememberedEnvironment(interpreter)
  if (remembered) return remembered
  try {
    // Seldom needed, and slow to load for a supervisor that has a command to start.
    const { execa } = await import('execa')
    const { stdout } = await execa(interpreter, ['-c', PROGRAM], { timeout: 60_000, env: { PYTHONPATH: '' } })
    const { folders, conda, ...found } = JSON.parse(stdout) as {
      python: string
      conda: string | null
      packages: Record<string, string>
      folders: string[]
    }
    const home = homedir()
    const environment: PythonEnvironment = {
      interpreter: interpreter.startsWith(`${home}/`) ? `~${interpreter.slice(home.length)}` : interpreter,
      ...found,
      ...(conda ? { conda } : {}),
    }
    const cache: Cached = {
      environment,
      folders: Object.fromEntries(folders.map((folder) => [folder, changedAt(folder)])),
    }
    writeFileAtomic(rememberedIn(interpreter), JSON.stringify(cache))
    return environment
  } catch {
    return undefined
  }
}

function changedAt(folder: string): number {
  return statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? 0
}
