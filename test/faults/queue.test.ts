import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import type { End } from '../../src/runs/record.ts'
import { Scene } from './scene.ts'
import type { Server, ShownRun } from './server.ts'

/** The whole of what is promised is 500 runs; on busy machines fewer show the same. */
const RUNS = Number(process.env.SPECWEAVE_FAULTS_QUEUE ?? 120)

let scene: Scene
afterEach(() => scene.dispose())

test(`${RUNS} runs in one queue, for two servers and then eight, start once each, also when the index is deleted twice`, async () => {
  scene = new Scene('id: queue\nlimits: {cpus: 8}\n')
  const starts = join(scene.base, 'starts')
  // One short write to a file that is opened for appending: no two are mixed.
  const command = ['/bin/sh', '-c', `echo {i} >> ${starts}; exit {code}`]
  const ask = (server: Server, from: number, to: number) =>
    server.call<{ runs: ShownRun[] }>('run_experiment', {
      increment: '0001',
      experiments: Array.from({ length: to - from }, (_, k) => {
        const i = from + k
        return {
          name: `job${i}`,
          command,
          resources: { cpus: 0.25 },
          params: { i, code: i % 10 === 0 ? 3 : 0 },
        }
      }),
    })
  const servers = [await scene.server(), await scene.server()]
  // Both fill the queue at once, each call after its last.
  const fill = async (server: Server, from: number, to: number) => {
    for (let next = from; next < to; next += 20) await ask(server, next, Math.min(to, next + 20))
  }
  const half = Math.ceil(RUNS / 2)
  const asked = [fill(servers[0]!, 0, half), fill(servers[1]!, half, RUNS)]
  const started = (count: number) =>
    scene.until(`${count} starts`, () => scene.lines(starts).length >= count, 600)
  const deleteIndex = (...suffixes: string[]) => {
    for (const suffix of suffixes) rmSync(join(scene.root, `.specweave/index.db${suffix}`), { force: true })
  }
  await started(RUNS * 0.2)
  deleteIndex('', '-wal', '-shm')
  while (servers.length < 8) servers.push(await scene.server())
  let over = false
  const looking = Promise.all(
    servers.map(async (server) => {
      while (!over) await server.call('list_runs', { state: ['queued', 'running'], limit: 5 })
    }),
  )
  await Promise.all(asked)
  await started(RUNS * 0.6)
  deleteIndex('')
  await started(RUNS)
  const ends = () =>
    scene.experiments().map((name) => scene.read<End>(scene.folder(`0001/${name}`), 'end.json'))
  await scene.until('the ends', () => ends().every((end) => end !== undefined), 600)
  over = true
  await looking

  expect(
    scene
      .lines(starts)
      .map(Number)
      .sort((a, b) => a - b),
  ).toEqual(Array.from({ length: RUNS }, (_, i) => i))
  const states = ends().map((end) => `${end!.state} ${end!.exit_code}`)
  expect(states.filter((state) => state === 'failed 3')).toHaveLength(Math.ceil(RUNS / 10))
  expect(states.filter((state) => state === 'succeeded 0')).toHaveLength(RUNS - Math.ceil(RUNS / 10))
  for (const server of [servers[0]!, servers[7]!]) {
    const counted = async (state: string) =>
      (await server.call<{ total: number }>('list_runs', { state, limit: 1 })).total
    expect(await counted('succeeded')).toBe(RUNS - Math.ceil(RUNS / 10))
    expect(await counted('failed')).toBe(Math.ceil(RUNS / 10))
  }
}, 900_000)
