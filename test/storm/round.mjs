// One round: a workspace of its own, runs submitted and faults at random times, then quiet, then the checks.
import { spawn } from 'node:child_process'
import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Arena, list, python, readLines } from './arena.mjs'
import { deckOf, groundOf } from './deck.mjs'
import { checkStrangers, endStrangers } from './fault-boot.mjs'
import { beginGit } from './fault-git.mjs'
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
  const random = new Random(`round ${seed}`)
  const deck = deckOf(seed)
  const ground = groundOf(deck, random)
  const storm = new Storm(new Arena(seed, program, { disk: ground.has('disk') }), random, ground)
  const { arena } = storm
  storm.pool = new Pool(arena, new Random(`pool ${seed}`), random.pick([1, 2, 2, 3, 4, 8]))
  let violations
  try {
    await storm.begin()
    if (ground.has('lab')) await storm.register()
    arena.giveTokens('node', random.whole(8, 24))
    arena.giveTokens('script', random.whole(0, 4))
    arena.giveTokens('lab', 1)
    const until = Date.now() + seconds * 1000
    const submissions = requestsOf(random, runs, ground.has('lab')).map((request) =>
      storm.submit(request, random.between(0, seconds * 900)),
    )
    await faultsUntil(storm, until, deck)
    await storm.calm()
    await Promise.all(submissions)
    violations = await settle(storm)
    if (violations.length === 0) violations = await check(storm)
    violations.push(...checkStrangers(arena))
  } finally {
    for (const { pid } of processesOf(arena)) signal(pid, 'SIGKILL')
    endStrangers(arena)
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
  arena.close(violations.length > 0 || keep)
  return report
}

class Storm {
  counts = {}
  totals = { runs: 0, states: {}, points: 0, lines: 0, refusals: {} }
  /** Answers to run_experiment: what was promised. */
  acknowledged = []
  stops = []
  #tick = 0
  /** What is done in quiet, before the judge asks. */
  afterwards = []
  #asking = 0
  #gate
  #turn = Promise.resolve()

  constructor(arena, random, ground) {
    this.arena = arena
    this.random = random
    this.ground = ground
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
    await this.pool.insist(
      'create_increment',
      { title: 'a storm', problem_type: 'classification', id: '0001' },
      (fact) => this.log(fact),
    )
    // Then the code of each run is captured from Git.
    if (this.ground.has('git')) await beginGit(this)
  }

  /** In turn with the others that are done alone. */
  alone(work) {
    const turn = this.#turn.then(work)
    this.#turn = turn.catch(() => {})
    return turn
  }

  /** New calls wait. @returns false where those under way took too long */
  async withoutRequests(work) {
    let open
    this.#gate = new Promise((resolve) => {
      open = resolve
    })
    try {
      for (const end = Date.now() + 5000; this.#asking > 0; await sleep(20))
        if (Date.now() > end) return false
      return await work()
    } finally {
      open()
    }
  }

  async #asked(tool, args, key) {
    await this.#gate
    this.#asking++
    try {
      return await this.pool.insist(tool, args, (fact) => this.log({ ...fact, key }))
    } finally {
      this.#asking--
    }
  }

  /** Every server looks. */
  async lookAround() {
    await Promise.allSettled(this.pool.clients.map((client) => client.call('list_runs', { limit: 5 }, 20)))
  }

  /** Data of two classes that nothing predicts, so that every share of right guesses is possible. */
  async register() {
    const rows = Array.from({ length: 200 }, (_, n) => `r${n},${this.random.next()},${n % 2 ? 'a' : 'b'}`)
    writeFileSync(join(this.arena.root, 'data.csv'), `id,x,label\n${rows.join('\n')}\n`)
    const data = { name: 'storm', source: 'data.csv', target: 'label', id_column: 'id' }
    for (let attempt = 0; attempt < 20; attempt++) {
      const answer = await this.pool.insist(
        'register_dataset',
        { ...data, problem_type: 'classification' },
        (fact) => this.log(fact),
        (attempt) => attempt > 5,
      )
      if (answer?.dataset) return
      // A job: on a busy machine it may take longer than a call. The same call again gives its outcome.
      await sleep(1000)
    }
    throw new Error('the data set of the round cannot be registered')
  }

  /** A look at a run by some server, whatever comes of it. */
  async look(run) {
    if (run) await this.pool.once('get_run', { run, log_lines: 0 }, 20).catch(() => {})
  }

  async submit(request, afterMs) {
    await sleep(afterMs)
    if (request.kind === 'alone') return this.#alone(request)
    const insist = (tool, args) => this.#asked(tool, args, request.key)
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
    await this.#gate
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
    for (const work of this.afterwards) await work()
  }
}
