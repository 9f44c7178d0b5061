import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect } from 'vitest'
import { liveness, type ProcessIdentity, processStartTime } from '../../src/adapters/process/identity.ts'
import { sleep } from '../../src/core/clock.ts'
import type { Claim, End, Started } from '../../src/runs/record.ts'
import { openSqlite } from '../../src/store/sqlite/driver.ts'
import { carrying, kill } from '../support/processes.ts'
import { removeFolder } from '../support/remove-folder.ts'
import { until } from '../support/until.ts'
import { found } from '../tools/product.ts'
import { Server, type ServerOptions, type ShownRun } from './server.ts'

const LIVE = ['queued', 'starting', 'running', 'evaluating']

/** What of a run's fields a test sets; the command is a shell line where it is a text. */
export interface Asked {
  name: string
  command: string | string[]
  [field: string]: unknown
}

/** A workspace with one increment and real servers on it, whose files, disks and processes a test breaks. */
export class Scene {
  readonly base = realpathSync(mkdtempSync(join(tmpdir(), 'specweave-ml-faults-')))
  readonly state = join(this.base, 'state')
  root = join(this.base, 'project')
  readonly #servers: Server[] = []
  readonly #undo: (() => void)[] = []

  /** @param prepare makes something of the empty folder first, such as a disk of its own. */
  constructor(config = 'id: faults\n', prepare: (scene: Scene) => void = () => {}) {
    mkdirSync(this.root)
    prepare(this)
    mkdirSync(join(this.root, '.specweave/increments/0001-trial/experiments'), { recursive: true })
    this.write('.specweave/ml.yaml', config)
    this.write('.specweave/increments/0001-trial/spec.md', SPEC)
  }

  /** Done again when the scene ends, the last first. */
  afterwards(undo: () => void): void {
    this.#undo.unshift(undo)
  }

  get env(): Record<string, string> {
    return {
      PATH: process.env.PATH ?? '',
      HOME: this.base,
      SPECWEAVE_STATE_DIR: this.state,
      SPECWEAVE_LAB_DIR: process.env.SPECWEAVE_LAB_DIR ?? join(this.base, 'no-lab'),
    }
  }

  async server(options: Partial<ServerOptions> = {}): Promise<Server> {
    const server = await Server.start({
      root: this.root,
      ...options,
      env: { ...this.env, ...options.env },
    })
    this.#servers.push(server)
    return server
  }

  /** Asks a server for a run of the increment. */
  async submit(server: Server, { command, ...asked }: Asked): Promise<{ run: string; folder: string }> {
    const { run } = await server.call<ShownRun>('run_experiment', {
      increment: '0001',
      command: typeof command === 'string' ? ['/bin/sh', '-c', command] : command,
      ...asked,
    })
    return { run, folder: this.folder(run) }
  }

  folder(run: string): string {
    return join(this.root, '.specweave/increments/0001-trial/experiments', ...run.split('/').slice(1))
  }

  /** Waits until a run has ended and its supervisors have left, through one server. */
  async ended(server: Server, run: string): Promise<ShownRun> {
    for (let i = 0; i < 5; i++) {
      const shown = await server.call<ShownRun>('get_run', { run, wait_s: 20, curves: ['*'] })
      if (!LIVE.includes(shown.state)) return shown
    }
    throw new Error(`${run} does not end`)
  }

  write(path: string, text: string): string {
    const file = join(this.root, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
    return file
  }

  /** JSON in a run's folder; `undefined` where it is missing or not whole. */
  read<T>(folder: string, name: string): T | undefined {
    try {
      return JSON.parse(readFileSync(join(folder, name), 'utf8')) as T
    } catch {
      return undefined
    }
  }

  started(folder: string): Promise<Started> {
    return this.until('the start', () => this.read<Started>(folder, 'started.json'))
  }

  claim(folder: string, n = 1): Promise<Claim> {
    return this.until(`claim ${n}`, () => this.read<Claim>(folder, `claim-${n}.json`))
  }

  /** The end as it is written, with nobody of ours looking. */
  end(folder: string): Promise<End> {
    return this.until('the end', () => this.read<End>(folder, 'end.json'))
  }

  /** Until its supervisor has done the last act, which is to show the folder to Git. */
  async finished(folder: string): Promise<End> {
    const end = await this.end(folder)
    await this.until('the last act', () => !existsSync(join(folder, '.gitignore')))
    return end
  }

  /** The lines of a file; none where it is missing. */
  lines(path: string): string[] {
    try {
      return readFileSync(path, 'utf8').split('\n').filter(Boolean)
    } catch {
      return []
    }
  }

  readonly until = until

  /** Waits until a process of this machine is gone. */
  gone(process: ProcessIdentity, what: string): Promise<true> {
    return this.until(`the end of ${what}`, () => processStartTime(process.pid) !== process.start_time)
  }

  /** Stops a process where it holds no lock of the index: one that stands still would keep it from everybody. */
  async standStill(pid: number): Promise<void> {
    await this.until('a stop without a lock', async () => {
      kill(pid, 'SIGSTOP')
      await sleep(20)
      if (await isUnlocked(join(this.root, '.specweave/index.db'))) return true
      kill(pid, 'SIGCONT')
      return false
    })
  }

  /** Everything in the folder of the increment's runs: run folders, and what should not be there. */
  experiments(): string[] {
    const folder = join(this.root, '.specweave/increments/0001-trial/experiments')
    return readdirSync(folder)
      .filter((name) => name !== 'comparison.md')
      .sort()
  }

  /** Ends every server and every process that came of them, undoes what was done to the machine, removes all. */
  async dispose(): Promise<void> {
    await Promise.all(this.#servers.map((server) => server.close()))
    const ours = (): number[] => [...this.#recorded(), ...carrying(`SPECWEAVE_STATE_DIR=${this.state}`)]
    for (let i = 0; i < 100 && ours().length > 0; i++) {
      for (const pid of ours()) kill(pid)
      await sleep(20)
    }
    for (const undo of this.#undo) undo()
    await removeFolder(this.base)
  }

  #recorded(): number[] {
    return found(this.base, /^(?:started|claim-\d+)\.json$/).flatMap((file) => {
      const recorded = this.read<ProcessIdentity>(dirname(file), file.slice(dirname(file).length + 1))
      if (!recorded || liveness(recorded) !== 'alive') return []
      return file.endsWith('started.json') ? [recorded.pid, -recorded.pid] : [recorded.pid]
    })
  }
}

async function isUnlocked(index: string): Promise<boolean> {
  const driver = await openSqlite(index, { busyTimeoutMs: 500 })
  try {
    driver.transaction(() => {})
    return true
  } catch {
    return false
  } finally {
    driver.close()
  }
}

/** A call may be refused where its disk or its index is broken: in words for its user, never as a defect. */
export function expectHonest({
  refused,
  content,
}: {
  refused: boolean
  content: Record<string, unknown>
}): void {
  if (!refused) return
  expect(content.code, JSON.stringify(content)).not.toBe('INTERNAL_DEFECT')
  expect(String(content.message)).not.toMatch(/malformed|SQLITE_|\n\s+at /)
}

const SPEC = `---
increment: 0001-trial
title: "Trial"
status: active
ml:
  problem: {type: classification, input: "", output: ""}
  dataset: null
  success: [{metric: accuracy, op: ">=", value: 0.5, split: validation}]
  looks: 3
  requires: []
  sign_off: {by: null, at: null}
---
# Trial
`
