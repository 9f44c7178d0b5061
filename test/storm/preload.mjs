// Loaded into the program's own processes by NODE_OPTIONS=--import: kills the process just before or just after one of
// its writes, the k-th, drawn from the seed, as long as there are tokens. It also keeps a trace of every claim that is
// made, and whether the claim before it was held by a process that lived.
import childProcess from 'node:child_process'
import fs from 'node:fs'
import Module, { syncBuiltinESMExports } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { Random } from './random.mjs'

const where = process.env.STORM_DIR
/** The supervisor may have a file of its own, or be a command of the program. */
const supervises = /(?:^|\/)supervise(?:\.\w+)?$/
const kind = process.argv.slice(1, 3).some((word) => supervises.test(word))
  ? 'supervisor'
  : process.argv[2] === 'serve'
    ? 'server'
    : 'job'
const { readFileSync, readdirSync, unlinkSync, statSync } = fs
/** Functions of node:fs call one another: only the outermost counts, and none of the storm's own. */
let within = false

function note(file, text) {
  const before = within
  within = true
  real.appendFileSync(join(where, file), text)
  within = before
}

// The time of day as `clock` says, in seconds beside the true one: it is set while the process lives.
const OwnDate = Date
function now() {
  try {
    return OwnDate.now() + Number(readFileSync(join(where, 'clock'), 'utf8')) * 1000
  } catch {
    return OwnDate.now()
  }
}
globalThis.Date = class extends OwnDate {
  constructor(...given) {
    super(...(given.length > 0 ? given : [now()]))
  }
  static now = now
}

const real = { ...fs, promises: { ...fs.promises }, spawn: childProcess.spawn }

note('births', `${kind}\n`)
const draw = new Random(`${process.env.STORM_SEED}:${kind}:${statSync(join(where, 'births')).size}`)
const [chance, most] = { server: [0.7, 120], supervisor: [0.7, 60], job: [0.3, 60] }[kind]
let left = draw.chance(chance) ? draw.whole(1, most) : Number.POSITIVE_INFINITY
const moment = draw.chance(0.5) ? 'before' : 'after'

const seen = new Set()
const paths = new Map()
let last = 'the start'

/** The name of a file without what is random or counted in it; a temporary one by what came before it. */
function named(path) {
  const name = basename(String(path))
    .replace(/[0-9a-f]{8,}/g, 'X')
    .replace(/\d+/g, 'N')
  if (name.startsWith('.tmp-')) return `.tmp (after ${last})`
  if (/^X(?:\.\w+)?$/.test(name)) return `${basename(dirname(String(path)))}/X`
  return name.replace(/^exp-N.*/, 'exp-N').replace(/^\.new-.*/, '.new')
}

function token() {
  for (const name of readdirSync(join(where, 'tokens'))) {
    if (!name.startsWith('node-')) continue
    try {
      unlinkSync(join(where, 'tokens', name))
      return true
    } catch {
      // Another took it.
    }
  }
  return false
}

function die(step) {
  const fact = { kind, step: `${moment} ${step}`, pid: process.pid, how: 'step' }
  note('kills.jsonl', `${JSON.stringify(fact)}\n`)
  process.kill(process.pid, 'SIGKILL')
}

/** Counts a write. @returns whether the process dies of it. */
function due(step) {
  if (!seen.has(step)) {
    seen.add(step)
    note('steps.jsonl', `${JSON.stringify({ kind, step })}\n`)
  }
  return --left === 0 && token()
}

const clock = new Int32Array(new SharedArrayBuffer(4))

/** A short wait before some writes, as on a busy machine: what was looked at before may have changed since. */
function linger(step) {
  if (draw.chance(step.includes('claim') ? 0.5 : 0.01)) Atomics.wait(clock, 0, 0, draw.between(1, 60))
}

/** @param hides whether what `work` calls is part of this step */
function around(step, work, hides = true) {
  if (within) return work()
  const dies = due(step)
  linger(step)
  if (dies && moment === 'before') die(step)
  within = hides
  let result
  try {
    result = work()
  } finally {
    within = false
  }
  if (!dies) return result
  if (result instanceof Promise) return result.finally(() => die(step))
  die(step)
  return result
}

const CLAIM = /\/claim-(\d+)\.json$/

function lives({ pid, start_time }) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return !['Z', 'X'].includes(fields[0]) && fields[19] === String(start_time)
  } catch {
    return false
  }
}

/** Called with the path that is about to come into being. @returns what to say when it has. */
function claiming(path) {
  const number = Number(CLAIM.exec(String(path))?.[1] ?? 0)
  if (number === 0) return () => {}
  let before
  if (number > 1) {
    try {
      before = JSON.parse(readFileSync(String(path).replace(CLAIM, `/claim-${number - 1}.json`), 'utf8'))
    } catch {
      // There is none: the checks of the round will tell.
    }
  }
  const owner = before && lives(before) ? before.pid : null
  return () =>
    note(
      'claims.jsonl',
      `${JSON.stringify({ path: String(path), pid: process.pid, previous_lives: owner })}\n`,
    )
}

const WRITES = /[wa+]/
const opens = (flags) =>
  typeof flags === 'number'
    ? (flags & (fs.constants.O_WRONLY | fs.constants.O_RDWR)) !== 0
    : WRITES.test(flags ?? 'r')

fs.openSync = (path, flags, mode) => {
  if (!opens(flags)) return real.openSync(path, flags, mode)
  const name = named(path)
  const fd = around(`open ${name}`, () => real.openSync(path, flags, mode))
  paths.set(fd, name)
  return fd
}
fs.writeSync = (fd, ...rest) =>
  around(`write ${paths.get(fd) ?? 'a descriptor'}`, () => real.writeSync(fd, ...rest))
for (const [name, target] of Object.entries({
  linkSync: 1,
  renameSync: 1,
  rmSync: 0,
  unlinkSync: 0,
  mkdirSync: 0,
  writeFileSync: 0,
  appendFileSync: 0,
})) {
  fs[name] = (...given) => {
    const file = named(given[target])
    const said =
      name === 'rmSync' || name === 'mkdirSync' || name === 'unlinkSync' ? () => {} : claiming(given[target])
    const result = around(`${name.replace('Sync', '')} ${file}`, () => {
      const made = real[name](...given)
      said()
      return made
    })
    if (target === 1) last = file
    return result
  }
}
for (const [name, target] of Object.entries({
  writeFile: 0,
  appendFile: 0,
  rename: 1,
  link: 1,
  rm: 0,
  unlink: 0,
  mkdir: 0,
})) {
  fs.promises[name] = (...given) =>
    around(`${name} ${named(given[target])}`, () => real.promises[name](...given))
}
childProcess.spawn = (...given) => {
  const words = Array.isArray(given[1]) ? given[1].join(' ') : ''
  const what = /\bsupervise\b/.test(words)
    ? 'a supervisor'
    : words.includes('specweave-run')
      ? 'the wrapper'
      : basename(String(given[0]))
  return around(`spawn ${what}`, () => real.spawn(...given))
}
syncBuiltinESMExports()

// The index: its transactions are begun, done and committed.
const load = Module._load
Module._load = function (request, ...rest) {
  const loaded = load.call(this, request, ...rest)
  if (request !== 'better-sqlite3' || loaded.prototype.storm) return loaded
  const { transaction } = loaded.prototype
  loaded.prototype.storm = true
  loaded.prototype.transaction = function (work) {
    const made = transaction.call(this, (...given) => {
      const result = work(...given)
      return around('commit of the index (inside)', () => result)
    })
    return {
      immediate: (...given) => around('transaction of the index', () => made.immediate(...given), false),
    }
  }
  return loaded
}
