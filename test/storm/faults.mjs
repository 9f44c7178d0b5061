// What is done to a round while it runs, one fault at a time, drawn by weight.
import { spawn } from 'node:child_process'
import { cpSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { python } from './arena.mjs'
import { Client, Lost } from './client.mjs'
import { reboot } from './fault-boot.mjs'
import { setClock } from './fault-clock.mjs'
import { fillDisk, readOnly } from './fault-disk.mjs'
import { checkout, clean, stash } from './fault-git.mjs'
import { foreignLines } from './foreign-events.mjs'
import { killed, processesOf, signal } from './processes.mjs'
import { ORDERS } from './shims.mjs'

const KILLS = { server: 3, supervisor: 5, wrapper: 1.5, script: 2, lab: 1 }

/**
 * Name, what is done, how often it is drawn, and what it needs of the round. What answers `false` did not happen.
 * @type {[name: string, strike: (storm: any) => unknown, weight: number, needs?: string][]}
 */
export const FAULTS = [
  ...Object.entries(KILLS).map(([kind, weight]) => [
    `kill a ${kind}`,
    (storm) => killOne(storm, kind),
    weight,
    ...(kind === 'lab' ? ['lab'] : []),
  ]),
  ['kill a group', killGroup, 1],
  ['kill all at once', killAll, 0.5],
  ['stop a supervisor for a while', stopSupervisor, 3],
  ['order a kill of the wrapper or by it', order, 7],
  ['slow start without a supervisor', slowStart, 2],
  ['kill a supervisor, and all look', orphan, 4],
  ['delete index.db', (storm) => remove(storm, ['']), 2],
  ['delete index.db, -wal, -shm', (storm) => remove(storm, ['', '-wal', '-shm']), 2],
  ['truncate index.db', truncate, 1],
  ['overwrite index.db', garbage, 1],
  ['lock index.db', lock, 1.5],
  ['foreign events', foreignLines, 4],
  ['move the workspace', alone(move), 0.5],
  ['copy the workspace', alone(copy), 0.5],
  ['close stdin in the middle of a call', closeStdin, 1],
  ['half a line', halfLine, 1],
  ['a flood of 10,000 requests', flood, 0.2],
  ['set the clock', setClock, 1.5],
  ['restart the machine, its ids reused', alone(reboot), 0.3],
  ['fill the disk', alone(fillDisk), 2, 'disk'],
  ['make the disk read-only', alone(readOnly), 2, 'disk'],
  ['check out another branch', alone(checkout), 1.5, 'git'],
  ['git clean', alone(clean), 1.5, 'git'],
  ['git stash', alone(stash), 1.5, 'git'],
  ['a server on another hostname', otherHost, 0.5, 'hostname'],
]

/** One at a time of those that change the place itself. */
function alone(fault) {
  return (storm) => storm.alone(() => fault(storm))
}

/** Faults until `until` (a time), then what has been begun is waited for. Those of the deck come first. */
export async function faultsUntil(storm, until, deck) {
  const running = []
  const began = Date.now()
  const drawable = FAULTS.filter(([, , , needs]) => storm.ground.has(needs))
  const waiting = drawable.filter(([name]) => deck.includes(name))
  storm.lookEvery = storm.random.pick([200, 500, 2000])
  storm.elapsed = () => (Date.now() - began) / (until - began)
  running.push(keepLooking(storm, until))
  while (Date.now() < until) {
    await sleep(storm.random.between(100, 900))
    const left = (until - Date.now()) / 600
    const due = waiting.length > 0 && storm.random.chance(Math.max(0.5, waiting.length / left))
    const [name, fault] = due
      ? waiting.splice(storm.random.whole(0, waiting.length - 1), 1)[0]
      : storm.random.weighted(drawable.map((one) => [one, one[2]]))
    storm.log({ fault: name })
    // Some last for seconds; others may strike meanwhile.
    running.push(
      Promise.resolve(fault(storm))
        .catch((cause) => {
          if (!(cause instanceof Lost)) throw cause
        })
        .then((struck) => {
          if (struck !== false) storm.count(name)
          // Too early for it: it comes again.
          else if (due) waiting.push(FAULTS.find(([known]) => known === name))
        }),
    )
  }
  await Promise.all(running)
}

/** Clients that wait for their runs ask again and again. */
async function keepLooking(storm, until) {
  while (Date.now() < until) {
    await sleep(storm.lookEvery)
    await lookAll(storm)
  }
}

function pick({ arena, random }, kind) {
  const found = processesOf(arena).filter((one) => one.kind === kind)
  return found.length > 0 ? random.pick(found) : undefined
}

async function killOne(storm, kind) {
  let victim = pick(storm, kind)
  // A lab lives for a moment only.
  for (let waited = 0; kind === 'lab' && !victim && waited < 3000; waited += 50) {
    await sleep(50)
    victim = pick(storm, kind)
  }
  return victim ? killed(storm.arena, victim, 'at some time') : false
}

/** The wrapper and all of its group: nobody is left to write the exit code. */
function killGroup(storm) {
  const wrapper = pick(storm, 'wrapper')
  if (!wrapper) return false
  for (const member of processesOf(storm.arena).filter(({ runFolder }) => runFolder === wrapper.runFolder))
    killed(storm.arena, member, 'with its group')
}

function killAll({ arena }) {
  for (const victim of processesOf(arena)) if (victim.kind !== 'other') killed(arena, victim, 'all at once')
}

async function stopSupervisor(storm) {
  const victim = pick(storm, 'supervisor')
  if (!victim || !signal(victim.pid, 'SIGSTOP')) return false
  await sleep(storm.random.between(500, 4000))
  signal(victim.pid, 'SIGCONT')
}

function order({ arena, random }) {
  writeFileSync(arena.path('orders', random.pick(ORDERS)), '')
}

/** A start that takes long, with nobody left to watch it, is where a second start would happen. */
function slowStart({ arena }) {
  for (const name of ['ln.started.supervisor-before', 'ln.started.slow'])
    writeFileSync(arena.path('orders', name), '')
}

/** Whoever looks may start what is to be started: now all do at once. */
async function lookAll({ pool }) {
  await Promise.allSettled(pool.clients.map((client) => client.call('list_runs', { limit: 5 }, 20)))
}

/** Who is to be followed is gone, and all look for the follower at once. */
async function orphan(storm) {
  await killOne(storm, 'supervisor')
  await lookAll(storm)
}

const index = ({ arena }, suffix = '') => join(arena.root, '.specweave', `index.db${suffix}`)

function remove(storm, suffixes) {
  quietly(() => {
    for (const suffix of suffixes) rmSync(index(storm, suffix), { force: true })
  })
}

function quietly(work) {
  try {
    work()
  } catch {
    // The index is not there at this moment, or nothing can be written.
  }
}

function truncate(storm) {
  quietly(() => truncateSync(index(storm), storm.random.pick([0, 100, 4096, 10_000])))
}

function garbage(storm) {
  const at = storm.random.chance(0.5) ? { flag: 'r+' } : {}
  quietly(() => writeFileSync(index(storm), Buffer.alloc(storm.random.whole(10, 20_000), 'garbage '), at))
}

async function lock(storm) {
  const seconds = storm.random.between(0.5, 6)
  const program = `import sqlite3, sys, time
db = sqlite3.connect(sys.argv[1], timeout=2, isolation_level=None)
db.execute("BEGIN EXCLUSIVE"); time.sleep(float(sys.argv[2])); db.execute("ROLLBACK")`
  const child = spawn(python, ['-c', program, index(storm), String(seconds)], { stdio: 'ignore' })
  await new Promise((resolve) => child.once('exit', resolve))
}

async function move(storm) {
  const { arena } = storm
  if (arena.formerRoot || arena.copy || storm.elapsed() < 0.4) return false
  const away = join(dirname(arena.root), 'moved')
  arena.formerRoot = arena.root
  renameSync(arena.root, away)
  arena.root = away
  arena.movedAt = Date.now() / 1000
  storm.log({ moved: away })
  // The servers were opened in the old place: from now on others answer.
  await storm.pool.retire()
}

/** Opens the copy and stops what seems to run there: no process of the original may feel it. */
async function copy(storm) {
  const { arena } = storm
  if (arena.copy || arena.formerRoot || storm.elapsed() < 0.3) return false
  const place = arena.path('copy')
  try {
    cpSync(arena.root, place, { recursive: true })
  } catch {
    // Files come and go under a copy: a person would call cp again.
    rmSync(place, { recursive: true, force: true })
    return false
  }
  arena.copy = place
  const client = await new Client(arena.program, place, arena.env()).open()
  try {
    const { content } = await client.call('list_runs', { limit: 200 })
    for (const { run, state } of content.runs ?? [])
      if (state !== 'queued' && storm.random.chance(0.5)) await client.call('stop_run', { run }, 60)
  } finally {
    await client.close()
  }
}

async function closeStdin(storm) {
  const client = await storm.pool.any()
  const answer = client.call('list_runs', {})
  client.closeStdin()
  await answer
}

async function halfLine(storm) {
  const client = await storm.pool.any()
  if (storm.random.chance(0.5)) client.write('{"jsonrpc":"2.0","id":99999,"method":"tools/call","par')
  else client.write('this is no JSON\n{"jsonrpc":"2.0"}\n[]\n')
  await sleep(200)
  client.closeStdin()
}

async function flood(storm) {
  const client = await storm.pool.any()
  const calls = Array.from({ length: 10_000 }, (_, n) =>
    n % 200 === 0 ? client.call('list_runs', { limit: 5 }) : client.request('ping', {}),
  )
  await Promise.allSettled(calls)
}

/** Runs that it starts are looked after by the others, and theirs by it. */
async function otherHost({ pool }) {
  const called = ['unshare', '--uts', '/bin/sh', '-c', 'hostname elsewhere; exec "$@"', 'sh']
  await pool.add(called).opened
}
