import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { End } from '../../src/runs/record.ts'
import { kill } from '../support/processes.ts'
import { expectHonest, Scene } from './scene.ts'
import type { Answer, Server, ShownRun } from './server.ts'

const SUFFIXES = ['', '-wal', '-shm']
const indexOf = (scene: Scene, suffix = '') => join(scene.root, `.specweave/index.db${suffix}`)

/** Writes one event every 10 ms until it is let go, then ends with 3. */
const WRITES = (go: string) =>
  `i=0; while [ ! -e ${go} ]; do echo '{"k":"metric","n":"x","v":'$i',"s":'$i',"t":'$i'}' >> "$SPECWEAVE_RUN_DIR/events/h-1-a.jsonl"; i=$((i+1)); sleep 0.01; done; exit 3`

async function begin(scene: Scene, server: Server, id: number | string) {
  const go = join(scene.base, `go-${String(id).replaceAll(' ', '-')}`)
  const { run, folder } = await scene.submit(server, {
    name: 'writes',
    params: { id },
    resources: { cpus: 0.1 },
    command: WRITES(go),
  })
  const events = join(folder, 'events/h-1-a.jsonl')
  await scene.until('points', () => scene.lines(events).length > 10)
  return { run, folder, letGo: () => writeFileSync(go, ''), points: () => scene.lines(events).length }
}

/** What the files say of every run that has ended. */
function inFiles(scene: Scene): Map<string, { state: string; points: number }> {
  return new Map(
    scene.experiments().flatMap((name) => {
      const folder = scene.folder(`0001/${name}`)
      const end = scene.read<End>(folder, 'end.json')
      const points = scene.lines(join(folder, 'events/h-1-a.jsonl')).length
      return end ? [[`0001/${name}`, { state: end.state, points }]] : []
    }),
  )
}

/** A whole answer, or an honest refusal; and no row that the files do not bear out. */
function expectTrue(scene: Scene, { refused, content }: Answer): void {
  expectHonest({ refused, content })
  if (refused) return
  const { runs, total } = content as { runs: { run: string; state: string }[]; total: number }
  const ended = inFiles(scene)
  expect(total).toBe(scene.experiments().length)
  expect(runs.map(({ run }) => run).sort()).toEqual(scene.experiments().map((name) => `0001/${name}`))
  for (const { run, state } of runs)
    if (isOver(state)) expect(ended.get(run)?.state ?? 'no end', run).toBe(state)
}

const isOver = (state: string) => !['queued', 'starting', 'running', 'evaluating'].includes(state)

describe('under a running run and a running server', () => {
  let scene: Scene
  let server: Server
  let older: string
  beforeAll(async () => {
    scene = new Scene('id: index\nlimits: {cpus: 2}\n')
    server = await scene.server()
    const first = await begin(scene, server, 'first')
    await server.call('get_run', { run: first.run })
    // The copy says of this run that it runs: what it knows is old.
    older = join(scene.base, 'older.db')
    copyWhole(scene, older)
    first.letGo()
    await scene.ended(server, first.run)
  })
  afterAll(() => scene.dispose())

  const remove = (...suffixes: string[]) => {
    for (const suffix of suffixes) rmSync(indexOf(scene, suffix), { force: true })
  }
  const garbage = Buffer.from('this is no database. '.repeat(1000))

  const RUINS: [string, () => void][] = [
    ['deleted', () => remove(...SUFFIXES)],
    ['deleted without its -wal and -shm', () => remove('')],
    ['robbed of its -wal and -shm', () => remove('-wal', '-shm')],
    ['robbed of its -shm', () => remove('-shm')],
    ['cut in half', () => truncateSync(indexOf(scene), Math.floor(statSync(indexOf(scene)).size / 2))],
    ['emptied', () => truncateSync(indexOf(scene), 0)],
    ['overwritten in place', () => writeFileSync(indexOf(scene), garbage)],
    [
      'overwritten in its -wal',
      () => existsSync(indexOf(scene, '-wal')) && writeFileSync(indexOf(scene, '-wal'), garbage),
    ],
    [
      'replaced by something else',
      () => {
        writeFileSync(indexOf(scene, '.new'), garbage)
        renameSync(indexOf(scene, '.new'), indexOf(scene))
      },
    ],
    [
      'replaced by an older copy',
      () => {
        copyFileSync(older, indexOf(scene, '.new'))
        renameSync(indexOf(scene, '.new'), indexOf(scene))
      },
    ],
    ['overwritten in place by an older copy', () => writeFileSync(indexOf(scene), readFileSync(older))],
  ]

  test.each(RUINS)('%s: no answer is wrong, and the run ends truly', async (what, ruin) => {
    const { run, folder, letGo, points } = await begin(scene, server, what)
    expect(await server.call('get_run', { run })).toMatchObject({ state: 'running' })
    ruin()
    for (let i = 0; i < 3; i++) expectTrue(scene, await server.answer('list_runs', { limit: 200 }))
    const other = await scene.server()
    expectTrue(scene, await other.answer('list_runs', { limit: 200 }))
    letGo()
    expect(await scene.finished(folder)).toMatchObject({
      state: 'failed',
      exit_code: 3,
      judged_by: 'supervisor',
    })
    for (const one of [server, other]) {
      const shown = await scene.ended(one, run)
      expect(shown).toMatchObject({
        state: 'failed',
        exit_code: 3,
        curves: [{ name: 'x', points: points() }],
      })
      const { runs, total } = await one.call<{ runs: ShownRun[]; total: number }>('list_runs', { limit: 200 })
      expect(total).toBe(inFiles(scene).size)
      expect(new Map(runs.map((row) => [row.run, row.state]))).toEqual(
        new Map([...inFiles(scene)].map(([id, { state }]) => [id, state])),
      )
    }
    expect(scene.read(folder, 'metrics.json')).toMatchObject([{ name: 'x', value: points() - 1 }])
    await other.close()
  })
})

/** The index as it is on disk with all that its -wal holds, made by SQLite itself. */
function copyWhole(scene: Scene, to: string): void {
  for (const suffix of SUFFIXES.slice(0, 2))
    if (existsSync(indexOf(scene, suffix))) copyFileSync(indexOf(scene, suffix), to + suffix)
}

describe('while nobody has it open', () => {
  let scene: Scene
  afterEach(() => scene.dispose())

  test('a -wal that outlived its index.db is not taken up', async () => {
    scene = new Scene()
    const server = await scene.server()
    const { run, folder, letGo } = await begin(scene, server, 1)
    await server.call('get_run', { run })
    // Killed in the middle: the -wal stays, and says that the run goes on.
    const claim = await scene.claim(folder)
    kill(claim.pid)
    kill(server.pid)
    await scene.gone(claim, 'the supervisor')
    expect(statSync(indexOf(scene, '-wal')).size).toBeGreaterThan(0)
    const wal = readFileSync(indexOf(scene, '-wal'))
    letGo()
    await scene.until('the exit', () => existsSync(join(folder, 'exit.json')))
    for (const suffix of SUFFIXES) rmSync(indexOf(scene, suffix), { force: true })
    writeFileSync(indexOf(scene, '-wal'), wal)
    const next = await scene.server()
    expect(await scene.ended(next, run)).toMatchObject({ state: 'failed', exit_code: 3 })
    expectTrue(scene, await next.answer('list_runs'))
  })

  test('four servers that open it at once, while it is deleted again and again, never answer what is not so', async () => {
    scene = new Scene('id: four\nlimits: {cpus: 2}\n')
    const first = await scene.server()
    const ended = await begin(scene, first, 'ended')
    ended.letGo()
    await scene.ended(first, ended.run)
    const { run, folder, letGo, points } = await begin(scene, first, 'running')
    await first.close()
    let over = false
    const deleting = (async () => {
      for (let round = 0; !over; round++) {
        for (const suffix of [SUFFIXES, ['']][round % 2]!) rmSync(indexOf(scene, suffix), { force: true })
        await new Promise((done) => setTimeout(done, 20 + ((round * 37) % 90)))
      }
    })()
    const servers = await Promise.all([0, 1, 2, 3].map(() => scene.server()))
    await Promise.all(
      servers.map(async (server) => {
        for (let i = 0; i < 15; i++) {
          expectTrue(scene, await server.answer('list_runs'))
          const answer = await server.answer('get_run', { run: ended.run, curves: ['x'] })
          expectHonest(answer)
          if (!answer.refused)
            expect(answer.content).toMatchObject({ state: 'failed', curves: [{ points: ended.points() }] })
        }
      }),
    )
    letGo()
    const end = await scene.end(folder)
    over = true
    await deleting
    expect(end).toMatchObject({ state: 'failed', exit_code: 3 })
    for (const server of servers) {
      expect(await scene.ended(server, run)).toMatchObject({ curves: [{ name: 'x', points: points() }] })
      expectTrue(scene, await server.answer('list_runs'))
    }
    // Nothing of all the making anew stays behind.
    const left = readdirSync(join(scene.root, '.specweave')).filter((name) => name.startsWith('index'))
    expect(left.filter((name) => !/^index\.db(?:-wal|-shm|\.lock|-lock)?$/.test(name))).toEqual([])
  })
})

/** Holds every lock that there is, also the one that readers need, as a backup or a debugger may. */
const LOCKS = `
import fcntl, sqlite3, sys, time
database = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)
database.execute("SELECT count(*) FROM runs").fetchone()
database.execute("BEGIN EXCLUSIVE")
shm = open(sys.argv[1] + "-shm", "r+b")
fcntl.lockf(shm, fcntl.LOCK_EX, 8, 120)
print("locked", flush=True)
time.sleep(float(sys.argv[2]))
`

describe('locked by another program for 8 s', () => {
  let scene: Scene
  afterEach(() => scene.dispose())

  test('under a running run: it ends truly, and each call is answered or told what is locked', async () => {
    scene = new Scene('id: locked\nlimits: {cpus: 2}\n')
    const [server, other] = await Promise.all([scene.server(), scene.server()])
    const { run, folder, letGo, points } = await begin(scene, server, 1)
    await other.call('list_runs')
    const holder = spawn('python3', ['-c', LOCKS, indexOf(scene), '8'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    scene.afterwards(() => kill(holder.pid!))
    const released = once(holder, 'exit')
    await once(holder.stdout, 'data')
    letGo()
    const began = performance.now()
    const answers = await Promise.all([
      server.answer('get_run', { run }),
      other.answer('list_runs'),
      other.answer('run_experiment', { increment: '0001', name: 'locked-out', command: ['true'] }),
    ])
    expect(performance.now() - began).toBeLessThan(100_000)
    for (const answer of answers) {
      expectHonest(answer)
      if (answer.refused)
        expect(JSON.stringify(answer.content)).toMatch(/index.*locked|locked.*index|holds.*index/i)
    }
    expect(await scene.end(folder)).toMatchObject({ state: 'failed', exit_code: 3, judged_by: 'supervisor' })
    await released
    for (const one of [server, other])
      expect(await scene.ended(one, run)).toMatchObject({ state: 'failed', curves: [{ points: points() }] })
    await scene.until('the runs to end', async () => {
      const answer = await server.answer('list_runs')
      expectTrue(scene, answer)
      return (answer.content.runs as ShownRun[]).every(({ state }) => isOver(state))
    })
    // Refused is not begun; answered is begun once.
    expect(scene.experiments().filter((name) => name.includes('locked-out'))).toHaveLength(
      answers[2]!.refused ? 0 : 1,
    )
  })
})
