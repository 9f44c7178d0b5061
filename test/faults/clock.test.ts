import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Clocks } from '../../src/adapters/awake-clock.ts'
import { currentProcess } from '../../src/adapters/process/identity.ts'
import type { End } from '../../src/runs/record.ts'
import { Sampler, silentS } from '../../src/runs/samples.ts'
import { kill } from '../support/processes.ts'
import { NO_ROOT } from './privileges.ts'
import { Scene } from './scene.ts'
import type { Server, ShownRun } from './server.ts'

let scene: Scene
beforeEach(() => {
  scene = new Scene()
})
afterEach(() => scene.dispose())

const HOUR = 3600

describe('the age of a run', () => {
  let folder: string
  let now: Clocks
  const clocks = () => now
  const pass = (awakeS: number, asleepS = 0) => {
    now = { awakeS: now.awakeS + awakeS, bootS: now.bootS + awakeS + asleepS }
  }
  beforeEach(() => {
    folder = join(scene.base, 'run')
    mkdirSync(join(folder, 'logs'), { recursive: true })
    // Of a machine that has slept before.
    now = { awakeS: 1000, bootS: 5000 }
  })
  /** Began two seconds ago. */
  const sampler = () => new Sampler(folder, { ...currentProcess(), start_time: '499800' }, clocks)

  test('counts the time awake, and tells the time asleep apart', () => {
    const one = sampler()
    one.take()
    pass(10, HOUR)
    one.take()
    expect(one.awakeS()).toBeCloseTo(12, 1)
    expect(one.asleepS()).toBeCloseTo(HOUR, 1)
  })

  test('a sleep that no sample has seen the end of is told apart too', () => {
    const one = sampler()
    one.take()
    pass(5, HOUR)
    expect(one.asleepS()).toBeCloseTo(HOUR, 1)
  })

  test('is taken over by an adopter, with what passed between the two', () => {
    sampler().take()
    pass(20, HOUR)
    const adopter = sampler()
    expect(adopter.awakeS()).toBeCloseTo(22, 1)
    adopter.take()
    expect(adopter.asleepS()).toBeCloseTo(HOUR, 1)
    pass(5)
    expect(sampler().awakeS()).toBeCloseTo(27, 1)
  })

  test('stands still for a run of an earlier boot, whose clocks began anew', () => {
    const before = new Sampler(folder, { ...currentProcess(), start_time: '499800' }, clocks)
    pass(30)
    before.take()
    now = { awakeS: 3, bootS: 3 }
    const earlier = { ...currentProcess(), start_time: '499800', boot_id: 'another' }
    expect(new Sampler(folder, earlier, clocks).awakeS()).toBeCloseTo(32, 1)
  })

  test('is read past a line that a kill cut off', () => {
    sampler().take()
    pass(20)
    writeFileSync(
      join(folder, 'resources.jsonl'),
      `${readFileSync(join(folder, 'resources.jsonl'), 'utf8')}{"t":17,"awake_s":9999`,
    )
    expect(sampler().awakeS()).toBeCloseTo(22, 1)
  })

  test('a silence is counted in time awake', () => {
    const one = sampler()
    one.take()
    pass(5, HOUR)
    one.take()
    expect(silentS(folder, clocks())).toBeCloseTo(5, 1)
    writeFileSync(join(folder, 'logs/stdout.log'), 'something')
    expect(silentS(folder, clocks())).toBe(0)
  })
})

/** Moves the time of day of every program of ours by what a file says, under them. */
const MOVED_CLOCK = (file: string) => `
import { readFileSync } from 'node:fs'
const real = Date.now
const now = () => {
  try { return real() + Number(readFileSync(${JSON.stringify(file)}, 'utf8')) * 1000 } catch { return real() }
}
globalThis.Date = class extends Date {
  constructor(...given) { super(...(given.length > 0 ? given : [now()])) }
  static now() { return now() }
}
`

describe('a clock that is set', () => {
  let server: Server
  const set = (seconds: number) => scene.write('../clock', String(seconds))
  beforeEach(async () => {
    const program = scene.write('../moved-clock.mjs', MOVED_CLOCK(join(scene.base, 'clock')))
    server = await scene.server({ env: { NODE_OPTIONS: `--import ${program}` } })
  })
  const begin = async (more: object) => {
    const { run, folder } = await scene.submit(server, {
      name: 'long',
      command: `echo on; while [ ! -e ${scene.base}/go ]; do sleep 0.05; done; exit 3`,
      ...more,
    })
    await scene.started(folder)
    return { run, folder, letGo: () => scene.write('../go', '') }
  }
  const sampled = (folder: string, lines: number) =>
    scene.until('a sample', () => scene.lines(join(folder, 'resources.jsonl')).length >= lines)

  test('forward, under a run and then between two supervisors: nothing times out early', async () => {
    const { run, folder, letGo } = await begin({ timeout_s: 60 })
    await sampled(folder, 1)
    set(HOUR)
    await sampled(folder, 2)
    const claim = await scene.claim(folder)
    kill(claim.pid)
    await scene.gone(claim, 'the supervisor')
    set(3 * HOUR)
    await scene.until('the adopter', async () => {
      await server.call('get_run', { run })
      return existsSync(join(folder, 'claim-2.json'))
    })
    const waiting = server.call<ShownRun>('get_run', { run, wait_s: 40 })
    await sampled(folder, 3)
    set(5 * HOUR)
    await sampled(folder, 4)
    letGo()
    expect(await waiting).toMatchObject({ state: 'failed', exit_code: 3 })
    const end = await scene.end(folder)
    expect(end).toMatchObject({ state: 'failed', exit_code: 3, judged_by: 'adopter', asleep_s: 0 })
    expect(end.duration_s).toBeGreaterThan(1)
    expect(end.duration_s).toBeLessThan(HOUR / 4)
  })

  test('back, under a run: its time is up when it is up, and nobody waits longer than asked', async () => {
    const { run, folder } = await begin({ timeout_s: 4 })
    const waiting = server.call<ShownRun>('get_run', { run, wait_s: 2 })
    await sampled(folder, 1)
    set(-HOUR)
    const began = performance.now()
    await waiting
    expect(performance.now() - began).toBeLessThan(HOUR * 250)
    const end = await scene.end(folder)
    expect(end).toMatchObject({ state: 'timed_out', asleep_s: 0 })
    expect(end.duration_s).toBeGreaterThanOrEqual(4)
    expect(end.duration_s).toBeLessThan(HOUR / 4)
    expect(await scene.ended(server, run)).toMatchObject({ state: 'timed_out' })
  })

  test('back, between two runs: both are seen, each with its own times', async () => {
    const first = await begin({ params: { n: 1 } })
    set(-HOUR)
    const second = await begin({ params: { n: 2 } })
    first.letGo()
    for (const { run, folder } of [first, second]) {
      expect(await scene.ended(server, run)).toMatchObject({ state: 'failed', exit_code: 3 })
      expect((await scene.end(folder)).duration_s).toBeGreaterThanOrEqual(0)
    }
    expect(await server.call('list_runs')).toMatchObject({ total: 2 })
  })
})

test('files from the future are seen like others', async () => {
  const server = await scene.server()
  const experiments = scene.folder('0001')
  const tomorrow = Date.now() / 1000 + 24 * HOUR
  const make = (name: string, value: number) => {
    const path = `.specweave/increments/0001-trial/experiments/${name}`
    const record = { format: 1, run: `0001/${name}`, created: '2026-01-01T00:00:00.000Z', made_by: 'sdk' }
    scene.write(`${path}/run.json`, JSON.stringify({ ...record, command: ['python'], params: {} }))
    const events = scene.write(
      `${path}/events/h-1-a.jsonl`,
      `{"k":"metric","n":"x","v":${value},"t":1}\n{"k":"status","v":"succeeded","t":2}\n`,
    )
    utimesSync(events, tomorrow, tomorrow)
    utimesSync(experiments, tomorrow, tomorrow)
    return events
  }
  const values = async () => {
    const { runs } = await server.call<{ runs: ShownRun[] }>('list_runs', { sort: 'name' })
    return runs.map(({ run, state, metrics }) => [run.slice(-1), state, metrics[0]?.value])
  }
  make('exp-001-a', 1)
  expect(await values()).toEqual([['a', 'succeeded', 1]])
  // The folder's time is the same as before.
  make('exp-002-b', 2)
  expect(await values()).toEqual([
    ['a', 'succeeded', 1],
    ['b', 'succeeded', 2],
  ])
  const run = await scene.submit(server, { name: 'now', command: 'exit 3' })
  utimesSync(run.folder, tomorrow, tomorrow)
  await scene.started(run.folder)
  utimesSync(join(run.folder, 'started.json'), tomorrow, tomorrow)
  expect(await scene.ended(server, run.run)).toMatchObject({ state: 'failed', exit_code: 3 })
  expect((await scene.end(run.folder)).duration_s).toBeGreaterThanOrEqual(0)
  expect((await scene.end(run.folder)).duration_s).toBeLessThan(HOUR)
})

describe.skipIf(NO_ROOT)(`a laptop's sleep (${NO_ROOT ?? 'as root'})`, () => {
  test('is told apart and does not count towards the timeout, also where the supervisor did not outlive it', async () => {
    // Seconds since boot, sleep included, as these processes see them.
    const file = join(scene.base, 'uptime')
    let asleepS = 0
    const fd = openSync(file, 'w')
    const tell = () => {
      const real = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0])
      writeSync(fd, `${(real + asleepS).toFixed(2)} 0.00`.padEnd(30).concat('\n'), 0)
    }
    tell()
    const telling = setInterval(tell, 10)
    scene.afterwards(() => {
      clearInterval(telling)
      closeSync(fd)
    })
    const server = await scene.server({
      within: ['unshare', '--mount', '/bin/sh', '-c', `mount --bind ${file} /proc/uptime && exec "$@"`, 'sh'],
    })
    const begin = (n: number, code: number, timeout_s: number) =>
      scene.submit(server, {
        name: 'sleeper',
        params: { n },
        resources: { cpus: 0.1 },
        command: `while [ ! -e ${scene.base}/go-${n} ]; do sleep 0.05; done; exit ${code}`,
        timeout_s,
      })
    const [slept, orphan, short] = [await begin(1, 3, 30), await begin(2, 4, 30), await begin(3, 0, 8)]
    const sampled = (folder: string, lines: number) =>
      scene.until('a sample', () => scene.lines(join(folder, 'resources.jsonl')).length >= lines)
    await sampled(slept.folder, 1)
    await sampled(orphan.folder, 1)
    await sampled(short.folder, 1)
    const claim = await scene.claim(orphan.folder)
    kill(claim.pid)
    await scene.gone(claim, 'the supervisor')
    asleepS = HOUR
    await sampled(slept.folder, 2)
    await scene.until('the adopter', async () => {
      await server.call('get_run', { run: orphan.run })
      return existsSync(join(orphan.folder, 'claim-2.json'))
    })
    await sampled(orphan.folder, 2)
    scene.write('../go-1', '')
    scene.write('../go-2', '')
    for (const [{ run, folder }, code] of [
      [slept, 3],
      [orphan, 4],
    ] as const) {
      const end: End = await scene.end(folder)
      expect(end).toMatchObject({ state: 'failed', exit_code: code })
      expect(end.duration_s).toBeGreaterThan(0)
      expect(end.duration_s).toBeLessThan(HOUR / 4)
      expect(Math.abs(end.asleep_s - HOUR)).toBeLessThanOrEqual(2)
      expect(await scene.ended(server, run)).toMatchObject({ asleep_s: end.asleep_s })
    }
    const end = await scene.end(short.folder)
    expect(end).toMatchObject({ state: 'timed_out' })
    expect(end.duration_s).toBeGreaterThanOrEqual(8)
    expect(end.duration_s).toBeLessThan(HOUR / 4)
    expect(Math.abs(end.asleep_s - HOUR)).toBeLessThanOrEqual(2)
  })
})
