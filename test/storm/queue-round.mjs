// A round of one long queue: several servers fill it and look after it, the index is deleted twice, some are killed, and
// each run starts exactly once.
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Arena, readJson, readLines, readText } from './arena.mjs'
import { Client } from './client.mjs'
import { kills } from './kill-log.mjs'
import { Pool } from './pool.mjs'
import { processesOf, signal } from './processes.mjs'
import { Random } from './random.mjs'

export const QUEUE = 'a queue of many runs, its index deleted twice'
/** Of each so many rounds one is a queue. */
const EVERY = 15
const BATCH = 20
/** Without any start or end for so long it hangs. */
const GUARD_S = 120

export const isQueueRound = (seed) => seed % EVERY === 7

/** @param {{seed: number, program: string, keep: boolean}} options */
export async function playQueue({ seed, program, keep }) {
  const random = new Random(`queue ${seed}`)
  const arena = new Arena(seed, program, { disk: false })
  const servers = random.whole(2, 8)
  const count = random.pick([100, 120, 150, 200, 300, 500])
  const pool = new Pool(arena, new Random(`pool ${seed}`), servers)
  let violations
  try {
    await pool.insist('create_increment', INCREMENT, () => {})
    while (pool.clients.length < servers) await pool.add().opened
    arena.giveTokens('node', random.whole(0, 6))
    violations = await play(arena, pool, random, count)
  } finally {
    for (const { pid } of processesOf(arena)) signal(pid, 'SIGKILL')
  }
  const states = {}
  for (const end of ends(arena)) states[end?.state] = (states[end?.state] ?? 0) + 1
  const report = {
    seed,
    violations,
    folder: arena.folder,
    kills: kills(arena),
    steps: readLines(arena.path('steps.jsonl')),
    faults: { [QUEUE]: 1 },
    runs: count,
    states,
    points: 0,
    lines: 0,
    refusals: {},
  }
  arena.close(violations.length > 0 || keep)
  return report
}

const INCREMENT = { title: 'a storm', problem_type: 'classification', id: '0001' }
const code = (n) => (n % 10 === 0 ? 3 : 0)

async function play(arena, pool, random, count) {
  const starts = arena.path('starts')
  writeFileSync(starts, '')
  // One short write to a file that is opened for appending: no two are mixed.
  const job = (n) => ({
    name: `job${n}`,
    command: ['/bin/sh', '-c', `echo ${n} $SPECWEAVE_RUN >> ${starts}; exit ${code(n)}`],
    resources: { cpus: 0.25 },
  })
  const started = () =>
    readText(starts)
      .split('\n')
      .slice(0, -1)
      .map((line) => line.split(' '))
  const repeated = new Set()
  let asked = 0
  const fill = async () => {
    while (asked < count) {
      const from = asked
      asked = Math.min(count, asked + BATCH)
      const experiments = Array.from({ length: asked - from }, (_, n) => job(from + n))
      const { attempts } = await pool.insist('run_experiment', { increment: '0001', experiments }, () => {})
      // Of a call that was sent again: what had failed by then is tried anew.
      if (attempts > 1) for (let n = from; n < from + experiments.length; n++) repeated.add(n)
    }
  }
  const filling = Promise.all([fill(), fill(), fill()])
  let over = false
  const looking = (async () => {
    for (; !over; await sleep(random.between(50, 400)))
      await Promise.allSettled(pool.clients.map((client) => client.call('list_runs', { limit: 5 }, 20)))
  })()
  const until = async (what, done) => {
    let [seen, since] = ['', Date.now()]
    for (; !done(); await sleep(100)) {
      const now = `${started().length} ${ended(arena)}`
      if (now !== seen) [seen, since] = [now, Date.now()]
      if (Date.now() - since > GUARD_S * 1000)
        return [`waited in vain for ${what}: ${seen} started and ended`]
      if (pool.clients.length === 0) await pool.once('list_runs', { limit: 1 }).catch(() => {})
    }
    return []
  }
  const index = join(arena.root, '.specweave', 'index.db')
  const remove = (suffixes) => {
    for (const suffix of suffixes) rmSync(`${index}${suffix}`, { force: true })
  }
  const hangs = await until('some starts', () => started().length >= count * 0.2)
  remove(['', '-wal', '-shm'])
  await filling
  if (hangs.length === 0) hangs.push(...(await until('most starts', () => started().length >= count * 0.6)))
  remove([''])
  if (hangs.length === 0)
    hangs.push(...(await until('all ends', () => ended(arena) >= Math.max(count, arena.runFolders().size))))
  over = true
  await looking
  return hangs.length > 0 ? hangs : check(arena, pool, started(), count, repeated)
}

function ended(arena) {
  return ends(arena).filter((end) => end !== undefined).length
}

const ends = (arena) => [...arena.runFolders().values()].map((folder) => readJson(join(folder, 'end.json')))

async function check(arena, pool, started, count, repeated) {
  await pool.calm()
  const violations = []
  const runs = [...arena.runFolders()]
  for (const [run] of runs) {
    const times = started.filter(([, one]) => one === run).length
    if (times !== 1) violations.push(`${run} was started ${times} times`)
  }
  for (let n = 0; n < count; n++) {
    const times = started.filter(([one]) => one === String(n)).length
    if (times < 1 || (times > 1 && !(repeated.has(n) && code(n) !== 0)))
      violations.push(`job${n} was started ${times} times`)
  }
  const failing = started.filter(([n]) => code(Number(n)) !== 0).length
  const wanted = { 'succeeded 0': started.length - failing, 'failed 3': failing }
  const states = ends(arena).map(({ state, exit_code }) => `${state} ${exit_code}`)
  for (const [state, number] of Object.entries(wanted)) {
    const found = states.filter((one) => one === state).length
    if (found !== number)
      violations.push(`${found} runs are ${state}, ${number} should be; there are ${states.length}`)
  }
  const client = await new Client(arena.program, arena.root, arena.env()).open()
  for (const [state, number] of Object.entries(wanted)) {
    const { content } = await client.call('list_runs', { state: state.split(' ')[0], limit: 1 })
    if (content.total !== number) violations.push(`list_runs counts ${content.total} ${state}, not ${number}`)
  }
  await client.close()
  await pool.retire()
  return violations
}
