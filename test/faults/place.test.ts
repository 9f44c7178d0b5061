import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, readdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { liveness } from '../../src/adapters/process/identity.ts'
import { kill } from '../support/processes.ts'
import { expectHonest, Scene } from './scene.ts'
import type { Server, ShownRun } from './server.ts'

let scene: Scene
afterEach(() => scene.dispose())

/** A run that prints, and ends with `code` when it is let go, wherever its workspace lies then. */
async function begin(server: Server, name: string, code: number, more: object = {}) {
  const go = join(scene.base, `go-${name}`)
  const { run, folder } = await scene.submit(server, {
    name,
    command: `echo begun; while [ ! -e ${go} ]; do sleep 0.05; done; echo let go; exit ${code}`,
    ...more,
  })
  return { run, folder, letGo: () => writeFileSync(go, '') }
}

const running = (folder: string) =>
  scene.until('its first line', () => scene.lines(join(folder, 'logs/stdout.log')).length > 0)

// The wrapper finds its folder again by /proc.
describe.runIf(process.platform === 'linux')('a workspace that is moved', () => {
  test('under a queued, a running and an evaluating run: each ends truly in the new place, and none in the old', async () => {
    scene = new Scene('id: moved\nlimits: {cpus: 2}\n')
    const server = await scene.server()
    const evaluating = await begin(server, 'evaluating', 4)
    const live = await begin(server, 'running', 5)
    const queued = await begin(server, 'queued', 6, { resources: { cpus: 2 } })
    await running(evaluating.folder)
    await running(live.folder)
    const supervisor = await scene.claim(evaluating.folder)
    await scene.standStill(supervisor.pid)
    evaluating.letGo()
    await scene.until('the exit', () => existsSync(join(evaluating.folder, 'exit.json')))
    expect(await server.call('get_run', { run: queued.run })).toMatchObject({ state: 'queued' })

    const old = scene.root
    scene.root = join(scene.base, 'moved')
    renameSync(old, scene.root)
    kill(supervisor.pid, 'SIGCONT')
    live.letGo()
    queued.letGo()
    // The server that was there is told where it stands, and makes nothing anew.
    expectHonest(await server.answer('get_run', { run: live.run }))
    expectHonest(await server.answer('list_runs'))
    await server.close()
    await scene.until('the exit', () => existsSync(join(scene.folder(live.run), 'exit.json')))

    const there = await scene.server()
    for (const [{ run }, code] of [
      [evaluating, 4],
      [live, 5],
      [queued, 6],
    ] as const) {
      expect(await scene.ended(there, run)).toMatchObject({
        state: 'failed',
        exit_code: code,
        logs: { stdout: ['begun', 'let go'] },
      })
      expect((await scene.end(scene.folder(run))).exit_code).toBe(code)
    }
    expect(existsSync(join(scene.folder(queued.run), 'claim-2.json'))).toBe(false)
    expect(existsSync(old), 'the old place is made again').toBe(false)
  })
})

describe('a workspace that is copied', () => {
  test('under live runs: what is done in the copy does not touch the processes of the original', async () => {
    scene = new Scene('id: copied\nlimits: {cpus: 2}\n')
    const server = await scene.server()
    const live = await begin(server, 'running', 5)
    const orphan = await begin(server, 'orphan', 6)
    await running(live.folder)
    await running(orphan.folder)
    const processes = [
      await scene.started(live.folder),
      await scene.started(orphan.folder),
      await scene.claim(live.folder),
    ]
    const lost = await scene.claim(orphan.folder)
    kill(lost.pid)
    await scene.gone(lost, 'the supervisor')
    const copy = join(scene.base, 'copy')
    cpSync(scene.root, copy, { recursive: true, filter: (path) => !/index\.db-/.test(path) })

    const there = await scene.server({ root: copy })
    const folderThere = (folder: string) => folder.replace(scene.root, copy)
    for (const { run, folder } of [live, orphan]) {
      expect(await there.call('get_run', { run })).toMatchObject({ state: 'lost', reason: 'copied' })
      expect(await there.call<ShownRun>('stop_run', { run, reason: 'in the copy' })).toMatchObject({
        state: 'lost',
      })
      expect(existsSync(join(folder, 'stop.json'))).toBe(false)
      expect(existsSync(join(folderThere(folder), 'started.json'))).toBe(true)
    }
    // The same request is one of the copy's own.
    const again = await there.call<ShownRun>('run_experiment', {
      increment: '0001',
      name: 'own',
      command: ['true'],
      wait_s: 20,
    })
    expect(again).toMatchObject({ state: 'succeeded' })
    for (const process of processes) expect(liveness(process)).toBe('alive')
    expect(scene.experiments().filter((name) => name.includes('own'))).toEqual([])

    live.letGo()
    orphan.letGo()
    expect(await scene.ended(server, live.run)).toMatchObject({ state: 'failed', exit_code: 5 })
    expect(await scene.ended(server, orphan.run)).toMatchObject({ state: 'failed', exit_code: 6 })
    expect(scene.read(live.folder, 'end.json')).toMatchObject({ judged_by: 'supervisor' })
  })

  test('with a run folder copied within it: the copy is lost, the original goes on', async () => {
    scene = new Scene()
    const server = await scene.server()
    const live = await begin(server, 'running', 5)
    await running(live.folder)
    const twin = '0001/exp-077-twin'
    cpSync(live.folder, scene.folder(twin), { recursive: true })
    expect(await server.call('get_run', { run: twin })).toMatchObject({ state: 'lost', reason: 'copied' })
    expect(await server.call<ShownRun>('stop_run', { run: twin, reason: 'twin' })).toMatchObject({
      state: 'lost',
    })
    expect(await server.call('get_run', { run: live.run })).toMatchObject({ state: 'running' })
    expect(await server.call('list_runs')).toMatchObject({ total: 2 })
    live.letGo()
    expect(await scene.ended(server, live.run)).toMatchObject({ state: 'failed', exit_code: 5 })
    expect(await server.call('get_run', { run: twin })).toMatchObject({ state: 'lost' })
  })
})

describe('Git under a live run', () => {
  const git = (...args: string[]): string =>
    execFileSync('git', ['-C', scene.root, '-c', 'user.name=t', '-c', 'user.email=t@example.org', ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })

  test('checks out another branch and cleans up: nothing of the run is taken away', async () => {
    scene = new Scene()
    scene.write('.gitignore', '.specweave/index.db*\n')
    git('init', '-q', '-b', 'main')
    git('add', '-A')
    git('commit', '-q', '-m', 'begin')
    git('checkout', '-q', '--orphan', 'other')
    git('rm', '-rfq', '.')
    scene.write('other.txt', 'another branch')
    git('add', '-A')
    git('commit', '-q', '-m', 'other')
    git('checkout', '-q', 'main')

    const server = await scene.server()
    const live = await begin(server, 'running', 5)
    await running(live.folder)
    const before = readdirSync(live.folder).sort()
    expect(git('status', '--porcelain')).not.toContain('exp-001')
    git('checkout', '-q', 'other')
    git('clean', '-fdq')
    expect(existsSync(join(scene.root, '.specweave/ml.yaml'))).toBe(false)
    expect(readdirSync(live.folder).sort()).toEqual(expect.arrayContaining(before))
    expectHonest(await server.answer('get_run', { run: live.run }))
    live.letGo()
    expect(await scene.end(live.folder)).toMatchObject({ state: 'failed', exit_code: 5 })
    await scene.until('the last act', () => !existsSync(join(live.folder, '.gitignore')))
    git('checkout', '-q', 'main')
    expect(await scene.ended(server, live.run)).toMatchObject({
      state: 'failed',
      exit_code: 5,
      logs: { stdout: ['begun', 'let go'] },
    })
    expect(git('status', '--porcelain', '--untracked-files=all')).toContain('exp-001-running/end.json')
  })
})
