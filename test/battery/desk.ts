import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { NextStep } from '../../src/core/errors.ts'
import { PROGRAM } from '../hosts/mcp-client.ts'
import type { Product, Refused, ShownRun } from '../tools/product.ts'
import { type World, worldEnvironment } from './world.ts'

interface Check {
  id: string
  status: string
  message: string
}

/** Everything that the referee said while a case was played. */
export interface Said {
  refusals: { tool: string; code: string; message: string }[]
  warnings: string[]
  /** How long the calls of a tool took, all together. */
  seconds: Record<string, number>
  /** Of the last verdict. */
  checks: Check[]
  verdict?: 'pass' | 'fail' | 'incomplete'
  /** Verdicts of compare_runs: `better`, `worse`, `no_difference_shown`. */
  differences: { a: string; b: string; verdict: string }[]
  /** How many tries the last comparison allowed for. */
  family?: number
  /** What `verify --recompute` finds wrong with a run. */
  recomputed?: string
  /** The run that the last verdict was about. */
  candidate?: string
}

export interface Setting {
  criteria?: string[]
  lift?: number
  /** `false` where the case registers by itself. */
  register?: boolean
  /**
   * Played in an increment with an honest run that was looked at, which several cases share. What they edit is put back.
   * `bare`: one without criteria and without a baseline.
   */
  judged?: true | 'bare'
}

const LIVE: ReadonlySet<string> = new Set(['queued', 'starting', 'running', 'evaluating'])

type Answer = Record<string, unknown> & { warnings?: string[] }

/** One assistant at work in one increment: calls go through the real server, and what is answered is kept. */
export class Desk {
  increment = ''
  /** The honest run of a shared increment. */
  run = ''
  readonly #baselines: ShownRun[] = []
  readonly #edited = new Map<string, string>()
  readonly said: Said = { refusals: [], warnings: [], seconds: {}, checks: [], differences: [] }
  readonly product: Product
  readonly world: World
  readonly metric: string

  constructor({ product, world }: Pick<Desk, 'product' | 'world'>, metric: string) {
    this.product = product
    this.world = world
    this.metric = metric
  }

  /** Waits for a run, not for its supervisor to leave. */
  async ended(run: Pick<ShownRun, 'run' | 'state'>): Promise<ShownRun> {
    let shown = run as ShownRun
    while (LIVE.has(shown.state))
      shown = await this.product.call<ShownRun>('get_run', { run: run.run, wait_s: 40 })
    return shown
  }

  /** Absolute path of the registered source. */
  get source(): string {
    return join(this.product.root, 'data.csv')
  }

  /** A call that may be refused: then the refusal is what the referee said, and the answer is empty. */
  async call(tool: string, args: object): Promise<Answer> {
    const began = performance.now()
    try {
      let answer = await this.product.call<Answer>(tool, args)
      // Long work goes on as a job; the same call again gives its outcome.
      while (answer.job) {
        await this.product.call('get_run', { run: answer.job, wait_s: 40 })
        answer = await this.product.call<Answer>(tool, args)
      }
      this.said.warnings.push(...(answer.warnings ?? []))
      return answer
    } catch (cause) {
      const refused = refusalIn(cause)
      if (!refused) throw cause
      this.said.refusals.push({ tool, code: refused.code, message: refused.message })
      return {}
    } finally {
      const spent = (performance.now() - began) / 1000
      this.said.seconds[tool] = Math.round(((this.said.seconds[tool] ?? 0) + spent) * 10) / 10
    }
  }

  register(more: object = {}): Promise<Answer> {
    const { target, positive, id, time, kind } = this.world
    return this.call('register_dataset', {
      increment: this.increment,
      name: 'rows',
      source: 'data.csv',
      target,
      ...(positive ? { positive } : {}),
      id_column: id,
      problem_type: kind,
      ...(time ? { split: { method: 'time', time_column: time } } : {}),
      ...more,
    })
  }

  /** Runs a script to its end. @param script Python; `desk.py` stands beside it */
  async attempt(
    name: string,
    script: string,
    more: { params?: object; seed?: number; env?: object } = {},
  ): Promise<ShownRun | undefined> {
    const file = `${this.increment}-${name}.py`
    this.product.write(file, script)
    const answer = await this.call('run_experiment', {
      increment: this.increment,
      name,
      command: ['python', file],
      wait_s: 40,
      ...more,
      env: { ...worldEnvironment(this.world, this.source), ...more.env },
    })
    if (!answer.run) return undefined
    const shown = await this.ended(answer as unknown as ShownRun)
    this.said.warnings.push(...shown.warnings)
    return shown
  }

  /** One script several times side by side. */
  sideBySide(name: string, script: string, params: readonly object[]): Promise<string[]> {
    const file = `${this.increment}-${name}.py`
    return this.together(params.map((one) => ({ name, script, file, params: one })))
  }

  /** Runs that are queued in one call. They have to succeed. */
  async together(
    asked: readonly { name: string; script: string; file?: string; params?: object }[],
  ): Promise<string[]> {
    const experiments = asked.map(({ name, script, file = `${this.increment}-${name}.py`, params }) => {
      this.product.write(file, script)
      return { name, command: ['python', file], ...(params ? { params } : {}) }
    })
    const { runs = [] } = (await this.call('run_experiment', {
      increment: this.increment,
      env: worldEnvironment(this.world, this.source),
      experiments,
      wait_s: 40,
    })) as { runs?: ShownRun[] }
    for (const run of runs) {
      const { state, logs } = await this.ended(run)
      if (state !== 'succeeded')
        throw new Error(`${run.run} is ${state}: ${logs.stderr.slice(-8).join('\n')}`)
    }
    return runs.map(({ run }) => run)
  }

  /** As {@link attempt}, for a script that the case needs to succeed. */
  async honestRun(
    name: string,
    script: string,
    more: { params?: object; seed?: number; env?: object } = {},
  ): Promise<string> {
    const shown = await this.attempt(name, script, more)
    if (shown?.state !== 'succeeded')
      throw new Error(`${name} is ${shown?.state}: ${shown?.logs.stderr.slice(-8).join('\n')}`)
    return shown.run
  }

  /** Not waited for before {@link look}: what is run beside it is carried by the same supervisor, with the same lab. */
  async baselines(): Promise<void> {
    const { runs = [] } = (await this.call('run_baselines', {
      increment: this.increment,
      // The hardest to beat of the three; the others would only take time.
      strategies: [this.world.kind === 'time_series' ? 'naive' : 'rule-based'],
      wait_s: 0,
    })) as { runs?: ShownRun[] }
    this.#baselines.push(...runs)
  }

  /** The control on shuffled labels, waited for. */
  async control(run: string): Promise<void> {
    const answer = await this.call('run_experiment', { control: 'shuffled_labels', of: run, wait_s: 40 })
    if (answer.run) await this.ended(answer as unknown as ShownRun)
  }

  /**
   * A look at the test set, until the saved model has been asked: on a slow machine a job does that. The control that it
   * queues by itself is stopped: where a case is about that, it asks for it.
   */
  async look(run: string): Promise<Answer> {
    for (const baseline of this.#baselines.splice(0)) await this.ended(baseline)
    const answer = await this.call('evaluate_run', { run, split: 'test' })
    for (const step of (answer.next ?? []) as NextStep[]) {
      if (!('tool' in step) || step.tool !== 'get_run') continue
      const next = String(step.arguments.run)
      if (next.includes('/')) await this.product.call('stop_run', { run: next })
      else await this.ended({ run: next, state: 'queued' })
    }
    return answer
  }

  async compare(more: object = {}): Promise<Answer> {
    const answer = await this.call('compare_runs', {
      increment: this.increment,
      metric: this.metric,
      ...more,
    })
    this.said.differences = (answer.differences ?? []) as Said['differences']
    this.said.family = answer.family as number | undefined
    return answer
  }

  async validate(): Promise<Said> {
    const answer = await this.call('validate_increment', { increment: this.increment })
    this.said.checks = (answer.checks ?? []) as Check[]
    this.said.verdict = answer.verdict as Said['verdict']
    this.said.candidate = answer.candidate as string | undefined
    return this.said
  }

  /** Look, verdict: the usual end of a case. */
  async judge(run: string): Promise<Said> {
    await this.look(run)
    return this.validate()
  }

  /** What CI does: every figure again, by the program as it was installed. Kept is what is wrong with one run. */
  verify(run: string): void {
    const { root: cwd, env } = this.product
    const { stderr } = spawnSync(process.execPath, [PROGRAM, 'verify', '--recompute'], {
      cwd,
      env,
      encoding: 'utf8',
    })
    this.said.recomputed = stderr
      .split('\n')
      .filter((line) => line.includes(run))
      .join('\n')
  }

  /** Changes spec.md by hand. */
  editSpec(change: (text: string) => string): void {
    this.edit(join(this.product.folder(this.increment), '../spec.md'), change)
  }

  /** Changes a file of the workspace by hand, until the case has ended. */
  edit(path: string, change: (text: string) => string): void {
    const file = path.startsWith('/') ? path : join(this.product.root, path)
    const before = readFileSync(file, 'latin1')
    if (!this.#edited.has(file)) this.#edited.set(file, before)
    const text = Buffer.from(before, 'latin1').toString('utf8')
    const changed = change(text)
    if (changed === text) throw new Error(`the edit of ${path} changes nothing`)
    writeFileSync(file, changed)
  }

  /** Puts back what was edited: the next case is played in the same workspace. */
  restore(): void {
    for (const [file, before] of this.#edited) writeFileSync(file, before, 'latin1')
  }
}

function refusalIn(cause: unknown): Refused | undefined {
  const text = cause instanceof Error ? (/ was refused: (\{.*\})$/s.exec(cause.message)?.[1] ?? '') : ''
  return text ? (JSON.parse(text) as Refused) : undefined
}
