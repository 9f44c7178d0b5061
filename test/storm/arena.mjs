// The places of one round: a workspace, and outside of it what the storm itself knows.
import { execFileSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { dropDisk, makeDisk } from './fault-disk.mjs'
import { writeShims } from './shims.mjs'

const here = fileURLToPath(new URL('.', import.meta.url))
const repository = join(here, '..', '..')
export const python = execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], {
  encoding: 'utf8',
}).trim()

const lab = process.env.SPECWEAVE_LAB_DIR ?? join(repository, '.cache', 'lab')
/** Without the lab's environment nothing is scored. */
export const hasLab = existsSync(join(lab, 'current'))

/** Small, so that a flood of output is stopped within a second. */
export const LOG_LIMIT = 2_000_000

export class Arena {
  /** Where the workspace is now: it may be moved. */
  root
  /** Where it was before. */
  formerRoot
  /** Where a copy of it lies. */
  copy
  /** The small disk under it, in some rounds. */
  disk
  /** When nothing could be written, in seconds. @type {{from: number, to: number}[]} */
  withoutRoom = []
  /** Runs that were live when the machine was started anew. @type {Map<string, {exit: boolean}>} */
  rebooted = new Map()
  /** Processes whose ids were written into files of runs. */
  strangers = []
  /** When a run's end was written, where Git has written it anew since. @type {Map<string, number>} */
  ends = new Map()

  /** @param {{disk: boolean}} ground */
  constructor(seed, program, ground) {
    this.seed = seed
    this.program = program
    this.folder = mkdtempSync(join(tmpdir(), `specweave-storm-${seed}-`))
    if (ground.disk) {
      this.disk = join(this.folder, 'disk')
      mkdirSync(this.disk)
      makeDisk(this.disk)
    }
    this.root = join(this.disk ?? this.folder, 'workspace')
    this.own = join(this.folder, 'own')
    this.mark = basename(this.folder)
    mkdirSync(join(this.root, '.specweave'), { recursive: true })
    for (const name of ['own', 'bin', 'tokens', 'orders']) mkdirSync(join(this.folder, name))
    symlinkSync(python, join(this.folder, 'bin', 'python'))
    writeShims(join(this.folder, 'bin'))
    cpSync(join(here, 'python', 'storm_script.py'), join(this.root, 'storm_script.py'))
    writeFileSync(
      join(this.root, '.specweave', 'ml.yaml'),
      `format: 1\nid: ${this.mark}\ninterpreter: ${join(this.folder, 'bin', 'python')}\nlimits: {cpus: 4, log_bytes: ${LOG_LIMIT}}\n`,
    )
  }

  /** Everything that the storm starts carries its mark. */
  env() {
    const env = Object.fromEntries(
      Object.entries(process.env).filter(
        ([name]) => !/^(?:SPECWEAVE|VIRTUAL_ENV|NODE_OPTIONS|VITEST)/.test(name),
      ),
    )
    return {
      ...env,
      STORM_MARK: this.mark,
      STORM_DIR: this.folder,
      STORM_OWN: this.own,
      STORM_SEED: String(this.seed),
      SPECWEAVE_STATE_DIR: join(this.folder, 'state'),
      ...(hasLab ? { SPECWEAVE_LAB_DIR: lab } : {}),
      PYTHONPATH: join(here, 'python'),
      PYTHONDONTWRITEBYTECODE: '1',
    }
  }

  /** With kills at every step, as long as there are tokens. */
  faultyEnv() {
    return { ...this.env(), NODE_OPTIONS: `--import ${join(here, 'preload.mjs')}` }
  }

  /** Of a script that is started by hand: the SDK as it would be installed. */
  scriptEnv() {
    const env = this.env()
    return { ...env, PYTHONPATH: `${join(repository, 'python', 'sdk')}:${env.PYTHONPATH}` }
  }

  /** @param {boolean} keep whether what lies there is to be looked at */
  close(keep) {
    if (this.disk && keep) cpSync(this.disk, join(this.folder, 'disk-as-it-was'), { recursive: true })
    if (this.disk) dropDisk(this.disk)
    if (!keep) rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 })
  }

  path(...names) {
    return join(this.folder, ...names)
  }

  /** Each token is one kill by a process's own hand. */
  giveTokens(kind, count) {
    for (let n = 0; n < count; n++) writeFileSync(this.path('tokens', `${kind}-${n}`), '')
  }

  /** `0001/exp-003-plain` of a folder below the workspace, wherever that was at the time; `undefined` in the copy. */
  runOf(folder) {
    if (this.copy && folder.startsWith(`${this.copy}/`)) return undefined
    const match = /\/increments\/(\d+)[^/]*\/experiments\/(exp-[^/]+(?:\/s\d+)?)/.exec(folder)
    return match ? `${match[1]}/${match[2]}` : undefined
  }

  experiments(root = this.root) {
    const increments = join(root, '.specweave', 'increments')
    const [increment] = list(increments).filter((name) => name.startsWith('0001'))
    return increment ? join(increments, increment, 'experiments') : undefined
  }

  /** Folder of each run by its id; a record that only gathers its children too. */
  runFolders(root = this.root) {
    const experiments = this.experiments(root)
    const found = new Map()
    for (const name of experiments ? list(experiments) : []) {
      if (!/^exp-\d+/.test(name)) continue
      const folder = join(experiments, name)
      found.set(`0001/${name}`, folder)
      for (const child of list(folder))
        if (/^s\d+$/.test(child)) found.set(`0001/${name}/${child}`, join(folder, child))
    }
    return found
  }
}

export function list(folder) {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

export function readText(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

export function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return undefined
  }
}

/** Whole lines of a file, each parsed; a torn last line is no line. */
export function readLines(path) {
  return (readText(path) ?? '')
    .split('\n')
    .slice(0, -1)
    .flatMap((line) => {
      try {
        return [JSON.parse(line)]
      } catch {
        return []
      }
    })
}
