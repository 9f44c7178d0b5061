import { createHash } from 'node:crypto'
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { McpError } from '@modelcontextprotocol/sdk/types.js'
import { liveness, type ProcessIdentity } from '../../src/adapters/process/identity.ts'
import { sleep } from '../../src/core/clock.ts'
import type { NextStep } from '../../src/core/errors.ts'
import { connect, PROGRAM, type Session } from '../hosts/mcp-client.ts'
import { kill, works } from '../support/processes.ts'
import { removeFolder } from '../support/remove-folder.ts'
import { until } from '../support/until.ts'

/** Why tests that need the lab are skipped; `undefined` where it is there. */
export const NO_LAB = process.env.SPECWEAVE_LAB_DIR
  ? undefined
  : 'SPECWEAVE_LAB_DIR is not set: npm test sets the lab up and names it'

/** A run as `run_experiment` and `get_run` show it. */
export interface ShownRun {
  run: string
  state: string
  reason?: string
  reused?: boolean
  exit_code?: number
  warnings: string[]
  notes?: string[]
  params: Record<string, unknown>
  metrics: { name: string; split?: string; source: string; grade?: string; value: number | string }[]
  logs: { stdout: string[]; stderr: string[] }
}

/** What a refused call answers. */
export interface Refused {
  code: string
  message: string
  missing: string[]
  invalid: { field: string; problem: string }[]
  next: NextStep[]
}

const LIVE = ['queued', 'starting', 'running', 'evaluating']

/** A second run at once has a supervisor of its own, and that one a lab, which takes longer than most runs. */
const ONE_AT_A_TIME = 'limits: {cpus: 1}\n'

/** The whole product as a client meets it: a real server over stdio on a workspace in a temporary folder. */
export class Product {
  /** Holds the workspace and the state folder. */
  readonly base: string
  readonly root: string
  readonly state: string
  #session: Session | undefined
  #environment: Record<string, string> = {}

  /**
   * @param config text of `.specweave/ml.yaml`; without it there is no workspace yet.
   * @param base where it lies, or is to lie; a new temporary folder where not given.
   */
  constructor(config?: string, base = mkdtempSync(join(tmpdir(), 'specweave-ml-tools-'))) {
    mkdirSync(join(base, 'project'), { recursive: true })
    this.base = realpathSync(base)
    this.root = join(this.base, 'project')
    this.state = join(this.base, 'state')
    if (config === undefined) return
    mkdirSync(join(this.root, '.specweave/increments'), { recursive: true })
    this.write('.specweave/ml.yaml', config.includes('limits:') ? config : config + ONE_AT_A_TIME)
  }

  /** The environment of the server and of the command line. */
  get env(): Record<string, string> {
    return {
      PATH: process.env.PATH ?? '',
      HOME: this.base,
      SPECWEAVE_STATE_DIR: this.state,
      SPECWEAVE_LAB_DIR: process.env.SPECWEAVE_LAB_DIR ?? join(this.base, 'no-lab'),
      ...this.#environment,
    }
  }

  /** Starts the server anew with other variables. */
  async restart(environment: Record<string, string> = {}): Promise<void> {
    await this.close()
    this.#environment = environment
  }

  async #client() {
    this.#session ??= await connect(PROGRAM, {
      args: ['serve', '--workspace', this.root],
      cwd: this.root,
      env: this.env,
    })
    return this.#session.client
  }

  async #answer(tool: string, args: object): Promise<{ refused: boolean; content: unknown }> {
    const client = await this.#client()
    const result = await client.callTool({ name: tool, arguments: { ...args } }, undefined, {
      timeout: 250_000,
    })
    return { refused: result.isError === true, content: result.structuredContent }
  }

  /** A call that must be carried out. */
  // biome-ignore lint/suspicious/noExplicitAny: each test knows the shape that it asks for
  async call<T = any>(tool: string, args: object = {}): Promise<T> {
    const { refused, content } = await this.#answer(tool, args)
    if (refused) throw new Error(`${tool} was refused: ${JSON.stringify(content)}`)
    return content as T
  }

  /** A call that must be refused. */
  async refusal(tool: string, args: object = {}): Promise<Refused> {
    const { refused, content } = await this.#answer(tool, args)
    if (!refused) throw new Error(`${tool} was carried out: ${JSON.stringify(content).slice(0, 2000)}`)
    return content as Refused
  }

  /** A resource that must be refused. */
  async resourceRefusal(uri: string): Promise<Refused> {
    const client = await this.#client()
    const thrown = await client.readResource({ uri }).then(
      () => undefined,
      (cause) => cause,
    )
    if (!(thrown instanceof McpError)) throw new Error(`${uri} was not refused: ${thrown}`)
    return thrown.data as Refused
  }

  /** Runs a command and waits for its end. */
  async run(args: object): Promise<ShownRun> {
    return this.ended(await this.call<ShownRun>('run_experiment', { wait_s: 40, ...args }))
  }

  /**
   * A look at the test set, and its answer when the saved model has been asked, too: on a slow machine a job goes on with that.
   */
  // biome-ignore lint/suspicious/noExplicitAny: as above
  async look(run: string): Promise<any> {
    const looked = await this.call('evaluate_run', { run, split: 'test' })
    const jobs = (looked.next as NextStep[])
      .map((step) => ('tool' in step && step.tool === 'get_run' ? String(step.arguments.run) : ''))
      .filter((name) => name.startsWith('job-'))
    for (const job of jobs) await this.ended({ run: job, state: 'queued' })
    return jobs.length > 0 ? this.call('evaluate_run', { run, split: 'test' }) : looked
  }

  /** Completes an increment, and waits for what is under way: its control, which a look queued. */
  // biome-ignore lint/suspicious/noExplicitAny: as above
  async complete(args: object): Promise<any> {
    for (let i = 0; i < 10; i++) {
      const { refused, content } = await this.#answer('complete_increment', args)
      if (!refused) return content
      const { code, next } = content as Refused
      const [wait] = next
      if (code !== 'RUN_NOT_FINISHED' || !wait || !('tool' in wait))
        throw new Error(`complete_increment was refused: ${JSON.stringify(content)}`)
      await this.call(wait.tool, wait.arguments)
    }
    throw new Error('what is under way does not end')
  }

  async ended(view: { run: string; state: string }): Promise<ShownRun> {
    let shown = view as ShownRun
    // The test's own time limit guards against a hang.
    while (LIVE.includes(shown.state))
      shown = await this.call<ShownRun>('get_run', { run: view.run, wait_s: 40 })
    await this.settled()
    return shown
  }

  /** Waits until no supervisor has anything left to do: it brings comparison.md up to date after a run's end. */
  async settled(): Promise<void> {
    const claims = found(join(this.root, '.specweave'), /^claim-\d+\.json$/)
    const pids = claims.map((file) => (JSON.parse(readFileSync(file, 'utf8')) as { pid: number }).pid)
    // The end of a run that never started is written by the server itself.
    const server = this.#session?.transport.pid
    await until('the supervisors', () => !pids.some((pid) => pid !== server && works(pid)), 250)
  }

  write(path: string, text: string): string {
    const file = join(this.root, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
    return file
  }

  read(path: string): string {
    return readFileSync(join(this.root, path), 'utf8')
  }

  /** Absolute folder of a run. */
  folder(run: string): string {
    const [increment = '', ...rest] = run.split('/')
    const increments = join(this.root, '.specweave/increments')
    const folder = readdirSync(increments).find((name) => name.startsWith(`${increment}-`)) ?? ''
    return join(increments, folder, 'experiments', ...rest)
  }

  /**
   * Every path under workspace and state folder with a hash of its content. The index may be made anew at any time, and
   * logs, locks and caches of the state folder are no records.
   */
  tree(): Record<string, string> {
    const found: Record<string, string> = {}
    const walk = (folder: string): void => {
      for (const entry of readdirSync(folder, { withFileTypes: true })) {
        const path = join(folder, entry.name)
        const shown = relative(this.base, path)
        // The index may be made anew at any time, under its lock; locks are no records.
        if (/^project\/\.specweave\/(?:index\.db|reservations\/(?:index|github-\d+)\.lock)/.test(shown))
          continue
        if (/^state\/(?:logs|locks|interpreters|index|checked)(?:\/|$)/.test(shown)) continue
        if (entry.isDirectory()) {
          if (shown.startsWith('project') && entry.name !== 'reservations') found[`${shown}/`] = ''
          walk(path)
        } else if (entry.isSymbolicLink()) found[shown] = readlinkSync(path)
        else found[shown] = createHash('sha256').update(readFileSync(path)).digest('hex').slice(0, 16)
      }
    }
    walk(this.base)
    return found
  }

  async close(): Promise<void> {
    await this.#session?.client.close()
    this.#session = undefined
  }

  /** Ends what its runs left running, waits for the supervisors to leave, then removes everything. */
  async dispose(): Promise<void> {
    await this.leave()
    await removeFolder(this.base)
  }

  /** Ends the server and what its runs left running, and waits for the supervisors to leave. */
  async leave(): Promise<void> {
    await this.close()
    const supervisors: ProcessIdentity[] = []
    for (const file of found(join(this.root, '.specweave'), /^(?:started|claim-\d+)\.json$/)) {
      const process = JSON.parse(readFileSync(file, 'utf8')) as ProcessIdentity
      if (file.includes('claim-')) supervisors.push(process)
      if (readdirSync(dirname(file)).includes('end.json') || liveness(process) !== 'alive') continue
      if (file.endsWith('started.json')) kill(-process.pid)
      kill(process.pid)
    }
    for (const supervisor of supervisors) {
      for (let waited = 0; liveness(supervisor) === 'alive' && waited < 5000; waited += 20) await sleep(20)
      if (liveness(supervisor) === 'alive') kill(supervisor.pid)
    }
  }
}

/** Files below a folder whose name matches. */
export function found(folder: string, name: RegExp): string[] {
  if (!lstatSync(folder, { throwIfNoEntry: false })?.isDirectory()) return []
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return found(path, name)
    return name.test(entry.name) ? [path] : []
  })
}
