import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, fstatSync, mkdirSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { machineIdentity, processStartTime } from '../../src/adapters/process/identity.ts'
import { kill } from '../support/processes.ts'
import { NO_NAMESPACES, NO_ROOT } from './privileges.ts'
import { Scene } from './scene.ts'
import type { Server, ShownRun } from './server.ts'

let scene: Scene
beforeEach(() => {
  scene = new Scene()
})
afterEach(() => scene.dispose())

describe('a pid that another process has now', () => {
  let stranger: ChildProcess
  let child: number
  // Leads a session and a group of its own, as a wrapper does, with a member.
  beforeEach(async () => {
    stranger = spawn('/bin/sh', ['-c', 'sleep 600 & echo $!; wait'], {
      detached: true,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const [said] = await once(stranger.stdout!, 'data')
    child = Number(String(said))
  })
  afterEach(() => kill(-stranger.pid!))

  const strangerLives = () => {
    expect(processStartTime(stranger.pid!), 'the stranger').toBeDefined()
    expect(processStartTime(child), 'its child').toBeDefined()
  }

  /** A run as a dead supervisor left it, with the stranger's pid in its files. */
  function left(changes: object): { run: string; folder: string } {
    const run = '0001/exp-001-left'
    const folder = scene.folder(run)
    mkdirSync(join(folder, 'logs'), { recursive: true })
    mkdirSync(join(folder, 'events'))
    const log = openSync(join(folder, 'logs/stdout.log'), 'a')
    const { dev, ino } = fstatSync(log)
    closeSync(log)
    const record = {
      format: 1,
      run,
      created: new Date().toISOString(),
      made_by: 'lab',
      command: ['true'],
      cwd: '.',
      params: {},
      dataset: null,
      seed: null,
      parent: null,
      previous: null,
      baseline: null,
      timeout_s: null,
      resources: { cpus: 1, gpus: 0, memory_gb: null },
      metrics_from: [],
      env: {},
      request: 'x',
    }
    const process = {
      pid: stranger.pid,
      start_time: processStartTime(stranger.pid!),
      ...machineIdentity(),
      ...changes,
    }
    const write = (name: string, value: object) =>
      writeFileSync(join(folder, name), `${JSON.stringify(value)}\n`)
    writeFileSync(join(folder, '.gitignore'), '*\n')
    write('claim-1.json', { ...process, at: record.created, gpus: [] })
    write('started.json', { ...process, stdout: { dev, ino } })
    write('run.json', record)
    return { run, folder }
  }

  test.each([
    ['by its start time', { start_time: '12345' }],
    [
      'by the boot, where pid and start time are the same',
      { boot_id: 'ffffffff-0000-4000-8000-000000000000' },
    ],
  ])('is told %s: the run is lost, and the process and its group are left alone', async (_, changes) => {
    const { run, folder } = left(changes)
    const server = await scene.server()
    expect(await server.call('stop_run', { run, reason: 'not wanted' })).toMatchObject({ run })
    expect(await scene.end(folder)).toMatchObject({ exit_code: null, signal: null, judged_by: 'adopter' })
    expect(['lost', 'stopped']).toContain((await scene.ended(server, run)).state)
    strangerLives()
  })

  test('is told without being asked to stop: lost, never running', async () => {
    const { run, folder } = left({ start_time: '12345' })
    const server = await scene.server()
    expect(await server.call<ShownRun>('get_run', { run })).toMatchObject({ state: 'lost' })
    expect(await scene.end(folder)).toMatchObject({ state: 'lost' })
    strangerLives()
  })

  test.each([
    ['of another machine', { machine_id: '0123456789abcdef0123456789abcdef' }],
    ['of another PID namespace', { pid_ns: 'pid:[1]' }],
  ])('%s: the run is shown as running there, never judged, never signalled', async (_, changes) => {
    const { run, folder } = left(changes)
    const server = await scene.server()
    for (let i = 0; i < 5; i++)
      expect(await server.call('get_run', { run, wait_s: 0.3 })).toMatchObject({
        state: 'running',
        reason: 'on another machine',
      })
    expect(existsSync(join(folder, 'end.json'))).toBe(false)
    expect(existsSync(join(folder, 'claim-2.json'))).toBe(false)
    strangerLives()
  })

  test('of another machine: a wish to stop it is left for it to read, and nothing is signalled', async () => {
    const { run, folder } = left({ machine_id: '0123456789abcdef0123456789abcdef' })
    const server = await scene.server()
    const asked = server.call<ShownRun>('stop_run', { run, reason: 'not wanted' })
    await scene.until('the wish', () => existsSync(join(folder, 'stop.json')))
    // As the other machine would: it alone may say how the run ended.
    rmSync(join(folder, '.gitignore'))
    writeFileSync(
      join(folder, 'end.json'),
      JSON.stringify({
        state: 'stopped',
        reason: 'not wanted',
        exit_code: 143,
        signal: 'SIGTERM',
        started: null,
        ended: new Date().toISOString(),
        duration_s: 1,
        asleep_s: 0,
        judged_by: 'supervisor',
        warnings: [],
        resources: null,
      }),
    )
    expect(await asked).toMatchObject({ state: 'stopped' })
    strangerLives()
  })
})

const ENDS_LATER = 'echo on; while [ ! -e go ]; do sleep 0.05; done; exit 3'

async function begin(server: Server): Promise<{ run: string; folder: string }> {
  const { run, folder } = await scene.submit(server, { name: 'later', command: ENDS_LATER })
  await scene.started(folder)
  return { run, folder }
}

describe.skipIf(NO_ROOT)(`a machine that is called otherwise (${NO_ROOT ?? 'as root'})`, () => {
  const called = (name: string, more = '') => [
    'unshare',
    '--uts',
    '--mount',
    '/bin/sh',
    '-c',
    `hostname ${name}; ${more} exec "$@"`,
    'sh',
  ]
  const noMachineId =
    'for file in /etc/machine-id /var/lib/dbus/machine-id; do [ -e $file ] && mount --bind /dev/null $file; done;'

  test.each([
    ['with a machine id', ''],
    ['without a machine id', noMachineId],
  ])('%s: the run is adopted and ends truly', async (_, more) => {
    const before = await scene.server({ within: called('here', more) })
    const { run, folder } = await begin(before)
    const claim = await scene.claim(folder)
    await before.close()
    kill(claim.pid)
    await scene.gone(claim, 'the supervisor')
    const after = await scene.server({ within: called('there', more) })
    expect(await after.call('get_run', { run })).toMatchObject({ state: 'running' })
    await scene.claim(folder, 2)
    scene.write('go', '')
    expect(await scene.end(folder)).toMatchObject({ state: 'failed', exit_code: 3, judged_by: 'adopter' })
  })
})

describe.skipIf(NO_NAMESPACES)(`another PID namespace (${NO_NAMESPACES ?? 'as root'})`, () => {
  test('shows the run as one of another machine, and leaves it and its supervisor alone', async () => {
    const outside = await scene.server()
    const { run, folder } = await begin(outside)
    const claim = await scene.claim(folder)
    // Dead here, and unjudgeable there.
    kill(claim.pid)
    await outside.close()
    const inside = await scene.server({ within: ['unshare', '--pid', '--fork', '--mount-proc'] })
    for (let i = 0; i < 3; i++)
      expect(await inside.call('get_run', { run, wait_s: 0.3 })).toMatchObject({
        state: 'running',
        reason: 'on another machine',
      })
    expect(existsSync(join(folder, 'claim-2.json'))).toBe(false)
    scene.write('go', '')
    await scene.until('the exit', () => existsSync(join(folder, 'exit.json')))
    await inside.close()
    const again = await scene.server()
    expect(await scene.ended(again, run)).toMatchObject({ state: 'failed', exit_code: 3 })
  })
})
