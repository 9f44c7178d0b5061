import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { RunRecord } from '../../src/runs/record.ts'
import { Scene } from './scene.ts'
import type { Server, ShownRun } from './server.ts'

let scene: Scene
let servers: Server[]
beforeAll(async () => {
  scene = new Scene('id: repeats\nlimits: {cpus: 2}\n')
  servers = await Promise.all([scene.server(), scene.server()])
})
afterAll(() => scene.dispose())

const starts = () => scene.lines(join(scene.base, 'starts'))

/** The same request, to both servers at the same moment, each time with another parameter. */
function both(round: string, more: object = {}): Promise<ShownRun[]> {
  const args = {
    increment: '0001',
    name: `same-${round}`,
    command: ['/bin/sh', '-c', `echo {round} >> ${scene.base}/starts; sleep 0.1`],
    params: { round },
    ...more,
  }
  return Promise.all(servers.map((server) => server.call<ShownRun>('run_experiment', args)))
}

test('a request that two servers get at the same moment is one run', async () => {
  const rounds = Array.from({ length: 20 }, (_, i) => `r${i}`)
  for (const round of rounds) {
    const [one, other] = await both(round)
    expect(other!.run).toBe(one!.run)
    expect([one!.reused, other!.reused].sort()).toEqual([false, true])
  }
  expect(scene.experiments()).toHaveLength(rounds.length)
  for (const name of scene.experiments()) await scene.ended(servers[0]!, `0001/${name}`)
  expect(starts().sort()).toEqual([...rounds].sort())
})

test('a request that one server gets twice at the same moment is one run', async () => {
  const before = scene.experiments().length
  const [first] = servers
  const args = { increment: '0001', name: 'twice', command: ['true'], params: { twice: true } }
  const shown = await Promise.all(
    Array.from({ length: 8 }, () => first!.call<ShownRun>('run_experiment', args)),
  )
  expect(new Set(shown.map(({ run }) => run)).size).toBe(1)
  expect(scene.experiments()).toHaveLength(before + 1)
})

test('with seeds it is one group, whose children are there from its first moment', async () => {
  const seeds = [1, 2, 3, 4, 5, 6]
  const before = new Set(scene.experiments())
  const cut: string[] = []
  let over = false
  const watching = (async () => {
    while (!over) {
      for (const name of scene.experiments().filter((one) => one.startsWith('exp-') && !before.has(one))) {
        const folder = scene.folder(`0001/${name}`)
        for (const seed of seeds)
          if (!existsSync(join(folder, `s${seed}/run.json`))) cut.push(`${name}/s${seed}`)
      }
      await new Promise((done) => setImmediate(done))
    }
  })()
  const groups: string[] = []
  for (let round = 0; round < 6; round++) {
    const [one, other] = await both(`g${round}`, { seeds })
    expect(other!.run).toBe(one!.run)
    groups.push(one!.run)
  }
  over = true
  await watching
  expect(cut, 'children that were missing while their parent was there').toEqual([])
  expect(scene.experiments()).toHaveLength(before.size + groups.length)
  for (const run of groups) {
    for (const seed of seeds) {
      expect(await scene.ended(servers[1]!, `${run}/s${seed}`)).toMatchObject({ state: 'succeeded' })
      expect(scene.read<RunRecord>(scene.folder(`${run}/s${seed}`), 'run.json')).toMatchObject({
        seed,
        parent: run,
      })
    }
    expect(await servers[0]!.call('get_run', { run })).toMatchObject({ state: 'succeeded' })
  }
  expect(starts().filter((line) => line.startsWith('g'))).toHaveLength(groups.length * seeds.length)
})

test('after a commit of records it is answered, after one of an increment’s own module it is made', async () => {
  const git = (...args: string[]) => execFileSync('git', args, { cwd: scene.root, stdio: 'pipe' })
  const commit = (message: string) => {
    git('add', '-A')
    git('-c', 'user.name=t', '-c', 'user.email=t@example.org', 'commit', '-q', '--allow-empty', '-m', message)
  }
  const [first] = servers
  const helper = `.specweave/increments/0001-trial/scripts/features.py`
  const ask = async (): Promise<ShownRun> => {
    const args = { increment: '0001', name: 'code', command: ['true'] }
    const shown = await first!.call<ShownRun>('run_experiment', args)
    await scene.ended(first!, shown.run)
    return shown
  }
  scene.write(helper, 'WINDOW = 7\n')
  git('init', '-q')
  commit('features')
  const { run } = await ask()
  scene.write('.specweave/docs/note.md', 'a record\n')
  commit('records')
  expect(await ask()).toMatchObject({ run, reused: true })
  scene.write(helper, 'WINDOW = 14\n')
  commit('another window')
  const next = await ask()
  expect(next).toMatchObject({ reused: false })
  expect(next.run).not.toBe(run)
})
