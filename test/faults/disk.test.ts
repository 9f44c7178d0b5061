import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { WRAPPER_PROGRAM } from '../../src/adapters/process/wrapper.ts'
import { shownDigits } from '../../src/core/shown-digits.ts'
import { disk, fill, makeRoom, mount } from './disk.ts'
import { NO_ROOT } from './privileges.ts'
import { expectHonest, Scene } from './scene.ts'
import type { ShownRun } from './server.ts'

let scene: Scene
afterEach(() => scene.dispose())

/** Logs points until it is told to end, then leaves when it may; its own list of them is flushed, on another disk. */
const LOGS = `
import os, sys, time, specweave
base, code = sys.argv[1], int(sys.argv[2])
own = os.open(base + "/own", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
i = 0
with specweave.track_experiment("points") as exp:
    while not os.path.exists(base + "/end"):
        exp.log_metric("loss", 1.0 / (i + 1), step=i)
        os.write(own, b"%d\\n" % i); os.fsync(own)
        try:
            os.write(1, b"line %d\\n" % i)
        except OSError:
            os.write(own, b"unprinted\\n")
        i += 1
        time.sleep(0.005)
    os.write(own, b"quiet\\n")
    while not os.path.exists(base + "/leave"): time.sleep(0.01)
os.write(own, b"over\\n")
os._exit(code)
`

const logs = (code: number) => ['python3', '-c', LOGS, scene.base, String(code)]
const said = (word: string) => scene.lines(join(scene.base, 'own')).includes(word)
const own = () => scene.lines(join(scene.base, 'own')).filter((line) => /^\d+$/.test(line))
/** Waits until the script has logged this many more. */
const more = (count: number) => {
  const before = own().length
  return scene.until('more points', () => own().length >= before + count)
}
function end(): void {
  scene.write('../leave', '')
  scene.write('../end', '')
}

/** Every event that the script was told of stands in its files once. */
function expectAllEvents(folder: string): void {
  const steps = readdirSync(join(folder, 'events'))
    .filter((name) => name.endsWith('.jsonl'))
    .flatMap((name) => scene.lines(join(folder, 'events', name)))
    .flatMap((line) => {
      try {
        const event = JSON.parse(line) as { k: string; s: number }
        return event.k === 'metric' ? [event.s] : []
      } catch {
        // A line that was cut off: it must stand whole elsewhere.
        return []
      }
    })
  expect(steps.sort((a, b) => a - b)).toEqual(own().map(Number))
}

describe.skipIf(NO_ROOT)(`a full disk (${NO_ROOT ?? 'as root'})`, () => {
  test('under the logs: the run goes on, its exit code is kept, what was printed before and after is there', async () => {
    scene = new Scene('id: logs\nlimits: {cpus: 1}\n')
    const server = await scene.server()
    // Holds the only slot until the disk is there.
    await scene.submit(server, {
      name: 'first',
      command: `while [ ! -e ${scene.base}/go ]; do sleep 0.05; done`,
    })
    const { run, folder } = await scene.submit(server, { name: 'logging', command: logs(5) })
    disk(scene, join(folder, 'logs'), '64k')
    scene.write('../go', '')
    await scene.started(folder)
    await more(20)
    fill(join(folder, 'logs'))
    await scene.until('the full disk', () => said('unprinted'))
    await more(20)
    makeRoom(join(folder, 'logs'))
    const lines = () => scene.lines(join(folder, 'logs/stdout.log'))
    const before = lines().length
    await scene.until('lines', () => lines().length > before + 5)
    end()
    expect(await scene.ended(server, run)).toMatchObject({
      state: 'failed',
      exit_code: 5,
      curves: [{ name: 'loss', points: own().length }],
    })
    expectAllEvents(folder)
  })

  test('under the events: what could not be written is written when there is room', async () => {
    scene = new Scene('id: events\nlimits: {cpus: 1}\n')
    const server = await scene.server()
    await scene.submit(server, {
      name: 'first',
      command: `while [ ! -e ${scene.base}/go ]; do sleep 0.05; done`,
    })
    const { run, folder } = await scene.submit(server, { name: 'logging', command: logs(5) })
    disk(scene, join(folder, 'events'), '256k')
    scene.write('../go', '')
    await more(20)
    fill(join(folder, 'events'))
    // More than fits the last page of the file.
    await more(150)
    expect(await server.call('get_run', { run })).toMatchObject({ state: 'running' })
    makeRoom(join(folder, 'events'))
    await more(150)
    end()
    const shown = await scene.ended(server, run)
    expect(shown).toMatchObject({ state: 'failed', exit_code: 5 })
    expectAllEvents(folder)
    expect(shown.curves).toMatchObject([{ name: 'loss', points: own().length }])
    expect(shown.metrics).toMatchObject([{ name: 'loss', value: shownDigits(1 / own().length) }])
  })

  test('under the index: the run ends truly without it, and the index follows when there is room', async () => {
    scene = new Scene('id: index\n', (made) => {
      disk(made, join(made.root, '.specweave'), '2m')
      disk(made, join(made.root, '.specweave/increments'), '64m')
    })
    const server = await scene.server()
    const { run, folder } = await scene.submit(server, { name: 'logging', command: logs(6) })
    await more(20)
    fill(join(scene.root, '.specweave'))
    // Pages of the log of SQLite that were there already are soon used up by so many points.
    await more(300)
    expectHonest(await server.answer('get_run', { run }))
    expectHonest(await server.answer('list_runs'))
    end()
    expect(await scene.end(folder)).toMatchObject({ state: 'failed', exit_code: 6, judged_by: 'supervisor' })
    expectHonest(await server.answer('get_run', { run }))
    makeRoom(join(scene.root, '.specweave'))
    expect(await scene.ended(server, run)).toMatchObject({
      state: 'failed',
      exit_code: 6,
      curves: [{ points: own().length }],
    })
    expect(await server.call('list_runs')).toMatchObject({ total: 1, runs: [{ run, state: 'failed' }] })
  })

  test('under all of it: the end is written when there is room again, though nobody calls', async () => {
    scene = new Scene('id: all\n', (made) => disk(made, made.root, '8m'))
    const server = await scene.server()
    const { run, folder } = await scene.submit(server, { name: 'logging', command: logs(7) })
    await more(20)
    fill(scene.root)
    await more(100)
    const runs = scene.experiments()
    const answer = await server.answer('get_run', { run })
    expectHonest(answer)
    if (!answer.refused) expect(answer.content).toMatchObject({ state: 'running' })
    const refused = await server.answer('run_experiment', {
      increment: '0001',
      name: 'no-room',
      command: ['true'],
    })
    expect(refused).toMatchObject({ refused: true, content: { message: expect.stringMatching(/room/) } })
    expectHonest(refused)
    expect(scene.experiments(), 'nothing half written').toEqual(runs)
    await server.close()
    makeRoom(scene.root)
    await more(100)
    scene.write('../end', '')
    await scene.until('the last point', () => said('quiet'))
    // Now the script ends where there is no room: the wrapper cannot write its code.
    fill(scene.root)
    scene.write('../leave', '')
    await scene.until('the end of the script', () => said('over'))
    await new Promise((done) => setTimeout(done, 1500))
    expect(existsSync(join(folder, 'end.json'))).toBe(false)
    makeRoom(scene.root)
    expect(await scene.end(folder)).toMatchObject({ state: 'failed', exit_code: 7, judged_by: 'supervisor' })
    await scene.until('the last act', () => !existsSync(join(folder, '.gitignore')))
    expectAllEvents(folder)
    const next = await scene.server()
    expect(await next.call<ShownRun>('get_run', { run, curves: ['*'] })).toMatchObject({
      state: 'failed',
      exit_code: 7,
      curves: [{ points: own().length }],
    })
    expect(readdirSync(folder).filter((name) => /^\.|\.tmp/.test(name))).toEqual([])
  })

  test('before the start: the wrapper waits for room, starts the command once, and keeps its code', async () => {
    scene = new Scene()
    const folder = join(scene.base, 'run')
    disk(scene, folder, '64k')
    fill(folder)
    const started = join(scene.base, 'starts')
    const wrapper = spawn(
      '/bin/sh',
      [
        '-c',
        WRAPPER_PROGRAM,
        'specweave-run',
        folder,
        '"boot_id":"b"',
        'sh',
        '-c',
        `echo x >> ${started}; exit 3`,
      ],
      { stdio: 'ignore', env: scene.env },
    )
    const over = once(wrapper, 'exit')
    // Twice its pause between two tries.
    await new Promise((done) => setTimeout(done, 2100))
    expect(existsSync(started)).toBe(false)
    expect(wrapper.exitCode).toBeNull()
    expect(existsSync(join(folder, 'started.json'))).toBe(false)
    makeRoom(folder)
    await over
    expect(scene.lines(started)).toEqual(['x'])
    expect(scene.read(folder, 'started.json')).toMatchObject({ pid: wrapper.pid, boot_id: 'b' })
    expect(scene.read(folder, 'exit.json')).toMatchObject({ exit_code: 3 })
    // The names that they were made under go with the run's end.
    const names = readdirSync(folder).filter((name) => !name.startsWith('.'))
    expect(names.sort()).toEqual(['exit.json', 'started.json'])
  })

  test('before the claim: the run stays queued, and starts once when there is room and somebody looks', async () => {
    scene = new Scene('id: queued\nlimits: {cpus: 1}\n', (made) => disk(made, made.root, '8m'))
    const server = await scene.server()
    const go = join(scene.base, 'go')
    const first = await scene.submit(server, {
      name: 'first',
      command: `while [ ! -e ${go} ]; do sleep 0.05; done`,
    })
    const { run, folder } = await scene.submit(server, {
      name: 'second',
      command: `echo x >> ${scene.base}/starts; exit 2`,
    })
    await scene.started(first.folder)
    fill(scene.root)
    scene.write('../go', '')
    for (let i = 0; i < 3; i++) expectHonest(await server.answer('get_run', { run, wait_s: 0.3 }))
    makeRoom(scene.root)
    expect(await scene.end(first.folder)).toMatchObject({ state: 'succeeded' })
    expect(await scene.ended(server, run)).toMatchObject({ state: 'failed', exit_code: 2 })
    expect(scene.lines(join(scene.base, 'starts'))).toEqual(['x'])
    expect(scene.read(folder, 'claim-2.json')).toBeUndefined()
  })
})

describe.skipIf(NO_ROOT)(`a workspace that becomes read-only (${NO_ROOT ?? 'as root'})`, () => {
  test('under a running run, and writable again: the run ends truly, and calls are refused meanwhile', async () => {
    scene = new Scene()
    const server = await scene.server()
    const { run, folder } = await scene.submit(server, { name: 'logging', command: logs(8) })
    await more(20)
    const before = scene.experiments()
    mount('--bind', scene.root, scene.root)
    mount('-o', 'remount,ro,bind', scene.root)
    const unmount = () => execFileSync('umount', ['-l', scene.root], { stdio: 'ignore' })
    try {
      await more(100)
      const answer = await server.answer('get_run', { run })
      expectHonest(answer)
      if (!answer.refused) expect(answer.content).toMatchObject({ state: 'running' })
      const args = { increment: '0001', name: 'not-now', command: ['true'] }
      expect(await server.answer('run_experiment', args)).toMatchObject({
        refused: true,
        content: { code: 'WORKSPACE_READ_ONLY' },
      })
      expect(scene.experiments()).toEqual(before)
      end()
      await scene.until('the exit', () => existsSync(join(folder, 'exit.json')))
      expectHonest(await server.answer('get_run', { run }))
      expect(existsSync(join(folder, 'end.json'))).toBe(false)
      await server.close()
    } finally {
      unmount()
    }
    expect(await scene.end(folder)).toMatchObject({ state: 'failed', exit_code: 8, judged_by: 'supervisor' })
    await scene.until('the last act', () => !existsSync(join(folder, '.gitignore')))
    expectAllEvents(folder)
    expect(readFileSync(join(scene.root, '.specweave/ml.yaml'), 'utf8')).toBe('id: faults\n')
  })
})
