// One round: a workspace of its own, runs submitted and faults at random times, then quiet, then the checks.
import { execFileSync, spawn } from 'node:child_process'
import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Arena, hasLab, list, python, readLines } from './arena.mjs'
import { faultsUntil } from './faults.mjs'
import { kills } from './kill-log.mjs'
import { check } from './oracle.mjs'
import { Pool } from './pool.mjs'
import { processesOf, signal } from './processes.mjs'
import { Random } from './random.mjs'
import { requestsOf } from './requests.mjs'
import { settle } from './settle.mjs'

/** @param {{seed: number, program: string, seconds: number, runs: number, keep: boolean}} options */
export async function playRound({ seed, program, seconds, runs, keep }) {
  const storm = new Storm(new Arena(seed, program), new Random(`round ${seed}`))
  const { arena, random } = storm
  storm.pool = new Pool(arena, new Random(`pool ${seed}`), random.pick([1, 2, 2, 3, 4, 8]))
  let violations
  try {
    await storm.begin()
    const scored = hasLab && random.chance(0.4)
    if (scored) await storm.register()
    arena.giveTokens('node', random.whole(8, 24))
    arena.giveTokens('script', random.whole(0, 4))
    arena.giveTokens('lab', 1)
    const until = Date.now() + seconds * 1000
    const submissions = requestsOf(random, runs, scored).map((request) =>
      storm.submit(request, random.between(0, seconds * 900)),
    )
    await faultsUntil(storm, until)
    await storm.calm()
    await Promise.all(submissions)
    violations = await settle(storm)
    if (violations.length === 0) violations = await check(storm)
  } finally {
    for (const { pid } of processesOf(arena)) signal(pid, 'SIGKILL')
  }
  const report = {
    seed,
    violations,
    folder: arena.folder,
    kills: kills(arena),
    steps: readLines(arena.path('steps.jsonl')),
    faults: storm.counts,
    ...storm.totals,
  }
  if (violations.length === 0 && !keep) rmSync(arena.folder, { recursive: true, force: true, maxRetries: 5 })
  return report
}

class Storm {
  counts = {}
  totals = { runs: 0, states: {}, points: 0, lines: 0, refusals: {} }
  /** Answers to run_experiment: what was promised. */
  acknowledged = []
  stops = []
  #tick = 0

  constructor(arena, random) {
    this.arena = arena
    this.random = random
  }

  tick() {
    return this.#tick++
  }

  log(fact) {
    appendFileSync(this.arena.path('storm.jsonl'), `${JSON.stringify({ t: Date.now() / 1000, ...fact })}\n`)
    if (fact.refused) this.totals.refusals[fact.code] = (this.totals.refusals[fact.code] ?? 0) + 1
  }

  count(name) {
    this.counts[name] = (this.counts[name] ?? 0) + 1
  }

  async begin() {
    if (this.random.chance(0.5)) this.#git()
    await this.pool.insist(
      'create_increment',
      { title: 'a storm', problem_type: 'classification', id: '0001' },
      (fact) => this.log(fact),
    )
  }

  /** Then the code of each run is captured from Git. */
  #git() {
    const git = (...args) => execFileSync('git', ['-C', this.arena.root, ...args], { stdio: 'ignore' })
    git('init', '-q')
    git('add', 'storm_script.py')
    git('-c', 'user.name=storm', '-c', 'user.email=storm@example.org', 'commit', '-q', '-m', 'The script')
  }

  /** Data of two classes that nothing predicts, so that every share of right guesses is possible. */
  async register() {
    const rows = Array.from({ length: 200 }, (_, n) => `r${n},${this.random.next()},${n % 2 ? 'a' : 'b'}`)
    writeFileSync(join(this.arena.root, 'data.csv'), `id,x,label\n${rows.join('\n')}\n`)
    const data = { name: 'storm', source: 'data.csv', target: 'label', id_column: 'id' }
    await this.pool.insist(
      'register_dataset',
      { ...data, problem_type: 'classification' },
      (fact) => this.log(fact),
      (attempt) => attempt > 5,
    )
  }

  /** A look at a run by some server, whatever comes of it. */
  async look(run) {
    if (run) await this.pool.once('get_run', { run, log_lines: 0 }, 20).catch(() => {})
  }

  async submit(request, afterMs) {
    await sleep(afterMs)
    if (request.kind === 'alone') return this.#alone(request)
    const insist = (tool, args) =>
      this.pool.insist(tool, args, (fact) => this.log({ ...fact, key: request.key }))
    const answer = await insist('run_experiment', request.args)
    this.#acknowledge(request, answer)
    const runs = new Set([answer.run])
    if (this.random.chance(0.35)) {
      const again = await insist('run_experiment', request.args)
      this.#acknowledge(request, again, answer.run)
      runs.add(again.run)
    }
    if (!request.stop) return
    await sleep(this.random.between(0, 2000))
    for (const run of runs) {
      const { state } = await insist('stop_run', { run })
      this.stops.push({ run, state })
      this.log({ stopped: run, state })
    }
  }

  #acknowledge({ key, kind, args }, { run, state, attempts }, repeats) {
    const fact = { key, kind, run, state, attempts, seeds: args.seeds, repeats }
    this.acknowledged.push(fact)
    this.log({ acknowledged: fact })
  }

  /** A script that nobody launched: the SDK makes its run. */
  async #alone({ key, kind, settings }) {
    const child = spawn(python, ['storm_script.py', key, kind, JSON.stringify(settings)], {
      cwd: this.arena.root,
      env: { ...this.arena.scriptEnv(), SPECWEAVE_INCREMENT: '0001' },
      stdio: 'ignore',
      detached: true,
    })
    await new Promise((resolve) => child.once('exit', resolve).once('error', resolve))
  }

  /** No more kills: whoever was stopped goes on, and the server is a new one without the preload. */
  async calm() {
    const { arena } = this
    for (const place of ['tokens', 'orders']) {
      for (const name of list(arena.path(place))) rmSync(arena.path(place, name), { force: true })
    }
    mkdirSync(arena.path('tokens'), { recursive: true })
    for (const { pid, state } of processesOf(arena)) if (state === 'T') signal(pid, 'SIGCONT')
    await this.pool.calm()
  }
}
