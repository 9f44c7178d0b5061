import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Refusal } from '../../core/errors.ts'
import { asRefusal, writeFileAtomic } from '../files.ts'
import { withLock } from '../process/lock.ts'
import { type BasePython, findBasePython, noBasePython } from './base-python.ts'
import {
  currentFile,
  environmentFolder,
  environmentPython,
  findLab,
  type LabEnvironment,
  labFolder,
  lockSha256,
  PLATFORM,
  type ReadyMarker,
  readyEnvironment,
  requirementsLock,
} from './environment.ts'
import { InstallProgress } from './install-progress.ts'
import { endLeftover, runStep, StepFailure } from './installer.ts'
import { setupFailure } from './setup-failure.ts'

export interface SetupOptions {
  signal?: AbortSignal
  progress?(message: string, fraction?: number): void
}

/** The Python that uv is asked to bring along where the machine has none that is new enough. */
const UV_PYTHON = '3.12'
const IMPORTS = 'import joblib, numpy, pandas, pyarrow, scipy, sklearn'

/**
 * The lab's environment: the ready one, else made now, from the pinned and hashed lock. May take minutes. Calls at
 * once, in one process or in several, make it once: one works and the others wait for it.
 * @throws Refusal INTERPRETER_MISSING, LAB_UNAVAILABLE
 */
export async function ensureLab(options: SetupOptions = {}): Promise<LabEnvironment> {
  return findLab() ?? (await setUpLab(options))
}

/** Makes or completes the environment; the ready one is left as it is. See {@link ensureLab}. */
export async function setUpLab(options: SetupOptions = {}): Promise<LabEnvironment> {
  const uv = await hasUv()
  const base = await chooseBase(uv)
  const folder = labFolder(base.version)
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
  } catch (cause) {
    throw asRefusal(cause, folder)
  }
  return withLock(
    join(folder, 'lock'),
    async () => {
      const environment = readyEnvironment(folder) ?? (await make(folder, base, uv, options))
      writeFileAtomic(currentFile(), `${environment.python}\n`)
      return environment
    },
    {
      signal: options.signal,
      foreignTimeoutS: 1800,
      waiting: ({ pid }) => options.progress?.(`Waiting for process ${pid}, which is setting up the lab`),
    },
  )
}

async function hasUv(): Promise<boolean> {
  try {
    await promisify(execFile)('uv', ['--version'], { timeout: 10_000 })
    return true
  } catch {
    return false
  }
}

async function chooseBase(uv: boolean): Promise<BasePython> {
  const base = await findBasePython()
  if ('tried' in base) {
    if (uv && !process.env.SPECWEAVE_PYTHON)
      return { path: UV_PYTHON, version: UV_PYTHON, makesEnvironments: false }
    throw noBasePython(base.tried)
  }
  if (base.makesEnvironments || uv) return base
  throw new Refusal(
    'LAB_UNAVAILABLE',
    `${base.path} (Python ${base.version}) has no venv and ensurepip, so that no environment can be made with it.`,
    {
      missing: ['venv'],
      next: [
        {
          person: `sudo apt install python${base.version}-venv`,
          why: 'on Debian and Ubuntu, which keep venv in a package of its own; then `specweave-ml setup`',
        },
        {
          person: 'pip install --user uv',
          why: 'uv makes environments without it; then `specweave-ml setup`',
        },
      ],
    },
  )
}

async function make(
  folder: string,
  base: BasePython,
  uv: boolean,
  options: SetupOptions,
): Promise<LabEnvironment> {
  await endLeftover(folder)
  rmSync(join(folder, 'ready.json'), { force: true })
  writeFileSync(join(folder, 'setup.log'), `${new Date().toISOString()} ${base.path} ${base.version}\n`, {
    flag: 'a',
  })
  try {
    await makeWith(uv, folder, base, options)
  } catch (cause) {
    if (!(cause instanceof StepFailure)) throw cause
    throw setupFailure(cause.lines, join(folder, 'setup.log'), cause)
  }
  const marker: ReadyMarker = {
    format: 1,
    lock_sha256: lockSha256(),
    python: base.version,
    platform: PLATFORM,
    made: new Date().toISOString(),
  }
  writeFileAtomic(join(folder, 'ready.json'), `${JSON.stringify(marker)}\n`)
  options.progress?.('The lab is ready', 1)
  return { folder, python: environmentPython(folder), version: base.version }
}

/** uv first where it is there; pip where uv fails, since only pip may know the index of this machine. */
async function makeWith(uv: boolean, folder: string, base: BasePython, options: SetupOptions): Promise<void> {
  if (uv) {
    try {
      return await build(folder, base, options, uvCommands(folder, base))
    } catch (cause) {
      if (!(cause instanceof StepFailure) || !base.makesEnvironments) throw cause
      options.progress?.('uv failed; trying pip', 0)
    }
  }
  await build(folder, base, options, pipCommands(folder, base))
}

interface Commands {
  make: string[]
  install: string[]
  /** Ends with 0 where an environment that lies there can be gone on with. */
  usable: string[]
}

function uvCommands(folder: string, base: BasePython): Commands {
  const [venv, python] = [environmentFolder(folder), environmentPython(folder)]
  return {
    make: ['uv', 'venv', '--python', base.path, venv],
    install: ['uv', 'pip', 'install', '--python', python, '--require-hashes', '-r', requirementsLock()],
    usable: [python, '-c', 'pass'],
  }
}

function pipCommands(folder: string, base: BasePython): Commands {
  const [venv, python] = [environmentFolder(folder), environmentPython(folder)]
  const quiet = ['--disable-pip-version-check', '--no-input', '--progress-bar', 'off']
  return {
    make: [base.path, '-m', 'venv', venv],
    install: [python, '-m', 'pip', 'install', ...quiet, '--require-hashes', '-r', requirementsLock()],
    usable: [python, '-m', 'pip', '--version'],
  }
}

async function build(
  folder: string,
  base: BasePython,
  options: SetupOptions,
  commands: Commands,
): Promise<void> {
  const progress = new InstallProgress(readFileSync(requirementsLock(), 'utf8'), (message, fraction) =>
    options.progress?.(message, fraction),
  )
  const run = ([command = '', ...args]: string[], line?: (text: string) => void) =>
    runStep(folder, command, args, { environment: cleanEnvironment(), signal: options.signal, line })
  const fresh = async () => {
    options.progress?.(`Making the lab's environment with Python ${base.version}`, 0)
    rmSync(environmentFolder(folder), { recursive: true, force: true })
    await run(commands.make)
  }
  const install = async () => {
    await run(commands.install, (text) => progress.line(text))
    options.progress?.('Trying the packages', 0.96)
    await run([environmentPython(folder), '-c', IMPORTS])
  }
  if (!(await succeeds(() => run(commands.usable)))) await fresh()
  else {
    options.progress?.('Going on with a half-made environment', 0)
    if (await succeeds(install)) return
    await fresh()
  }
  await install()
}

async function succeeds(step: () => Promise<unknown>): Promise<boolean> {
  try {
    await step()
    return true
  } catch (cause) {
    if (cause instanceof StepFailure) return false
    throw cause
  }
}

/** Of the caller's environment without what would lead an installer into another environment. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const {
    PYTHONPATH: _path,
    PYTHONHOME: _home,
    VIRTUAL_ENV: _venv,
    CONDA_PREFIX: _conda,
    ...rest
  } = process.env
  return { ...rest, PYTHONUNBUFFERED: '1', PIP_REQUIRE_VIRTUALENV: '0' }
}
