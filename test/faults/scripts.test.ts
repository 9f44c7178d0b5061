import { existsSync, readdirSync, readFileSync, rmSync, statfsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { liveness, processStartTime } from '../../src/adapters/process/identity.ts'
import { carrying, kill } from '../support/processes.ts'
import { Scene } from './scene.ts'
import type { Server } from './server.ts'

let scene: Scene
let server: Server
beforeAll(async () => {
  scene = new Scene('id: scripts\nlimits: {cpus: 2, log_bytes: 20000000}\n')
  server = await scene.server()
})
afterAll(() => scene.dispose())

const python = (name: string, program: string, more: object = {}) =>
  scene.submit(server, { name, command: ['python3', '-c', program], ...more })

test('one that closes its stdout and stderr keeps its exit code', async () => {
  const { run } = await scene.submit(server, { name: 'closes', command: 'exec >&- 2>&-; sleep 0.2; exit 4' })
  expect(await scene.ended(server, run)).toMatchObject({ state: 'failed', exit_code: 4 })
})

test('one that replaces its process by another program keeps the exit code of that', async () => {
  const program = 'import os; os.execvp("sh", ["sh", "-c", "echo replaced; exit 9"])'
  const { run } = await python('replaces', program)
  expect(await scene.ended(server, run)).toMatchObject({
    state: 'failed',
    exit_code: 9,
    logs: { stdout: ['replaced'] },
  })
})

test('one that changes its folder logs where it logged before', async () => {
  const program = `
import os, specweave
with specweave.track_experiment("anywhere") as exp:
    exp.log_metric("loss", 1, step=0)
    os.chdir("/")
    exp.log_metric("loss", 2, step=1)
    print("from", os.getcwd())
`
  const { run } = await python('moves-about', program)
  expect(await scene.ended(server, run)).toMatchObject({
    state: 'succeeded',
    curves: [{ name: 'loss', points: 2 }],
    logs: { stdout: ['from /'] },
  })
})

test('one that leaves its process group is stopped all the same', async () => {
  const program = `
import os, time
child = os.fork()
if child == 0:
    os.setpgid(0, 0)
    print(os.getpid(), flush=True)
    time.sleep(600)
os.wait()
`
  const { run, folder } = await python('leaves-its-group', program)
  const log = join(folder, 'logs/stdout.log')
  const pid = Number(await scene.until('the child', () => scene.lines(log)[0]))
  expect(await server.call('stop_run', { run, reason: 'enough' })).toMatchObject({ state: 'stopped' })
  expect(processStartTime(pid)).toBeUndefined()
})

test('one that ends while its children write ends with its own code; what they log is kept', async () => {
  const done = join(scene.base, 'child-done')
  const program = `
import os, sys, time, specweave
exp = specweave.track_experiment("early").__enter__()
if os.fork():
    os._exit(6)
for i in range(40):
    exp.log_metric("late", i, step=i)
    print("line", i, flush=True)
    time.sleep(0.02)
open(${JSON.stringify(done)}, "w").close()
os._exit(0)
`
  const { run, folder } = await python('ends-early', program)
  expect((await scene.end(folder)).exit_code).toBe(6)
  await scene.until('the child', () => existsSync(done))
  expect(await scene.ended(server, run)).toMatchObject({
    state: 'failed',
    exit_code: 6,
    curves: [{ name: 'late', points: 40 }],
  })
  expect(scene.lines(join(folder, 'logs/stdout.log'))).toHaveLength(40)
})

test('one that leaves a daemon of another session and environment ends itself, and the daemon goes on', async () => {
  const pidFile = join(scene.base, 'daemon')
  const program = `
import os, sys
if os.fork(): sys.exit(0)
os.setsid()
if os.fork(): os._exit(0)
os.chdir("/")
os.execve("/bin/sh", ["sh", "-c", "echo $$ > ${pidFile}.new; mv ${pidFile}.new ${pidFile}; exec sleep 600"], {})
`
  const { run, folder } = await python('daemonises', program)
  const pid = Number(await scene.until('the daemon', () => scene.lines(pidFile)[0]))
  try {
    expect(await scene.ended(server, run)).toMatchObject({ state: 'succeeded', exit_code: 0 })
    await scene.finished(folder)
    expect(processStartTime(pid)).toBeDefined()
  } finally {
    kill(pid)
  }
})

test('eight processes that log at once lose no line', async () => {
  const program = `
import os, specweave
with specweave.track_experiment("eight") as exp:
    children = []
    for writer in range(8):
        child = os.fork()
        if child == 0:
            for i in range(500):
                exp.log_metric(f"m{writer}", writer * 1000 + i, step=i)
                os.write(1, b"%d %d\\n" % (writer, i))
            os._exit(0)
        children.append(child)
    for child in children: os.waitpid(child, 0)
`
  const { run, folder } = await python('eight', program)
  const { state, metrics } = await scene.ended(server, run)
  expect(state).toBe('succeeded')
  expect(metrics.map(({ name, value }) => [name, value])).toEqual(
    Array.from({ length: 8 }, (_, writer) => [`m${writer}`, writer * 1000 + 499]),
  )
  const { curves } = await server.call<{ curves: { points: number }[] }>('get_run', { run, curves: ['*'] })
  expect(curves.map(({ points }) => points)).toEqual(Array(8).fill(500))
  // Each line is one write to a file opened for appending: none is torn by another.
  const lines = new Set(scene.lines(join(folder, 'logs/stdout.log')))
  expect(lines.size).toBe(4000)
  for (const line of lines) expect(line).toMatch(/^[0-7] \d{1,3}$/)
})

describe('one that removes its own run folder', () => {
  test('leaves neither a run nor a process, and nobody makes the folder again', async () => {
    // Its supervisor may be replacing a file there while it is being emptied.
    const program = `
import os, shutil
while os.path.exists(os.environ["SPECWEAVE_RUN_DIR"]):
    shutil.rmtree(os.environ["SPECWEAVE_RUN_DIR"], ignore_errors=True)
print("gone")
`
    const { run, folder } = await python('removes', program)
    await scene.until('the end of its processes', () => carrying(`SPECWEAVE_RUN_DIR=${folder}`).length === 0)
    await server.close()
    const ours = `SPECWEAVE_STATE_DIR=${scene.state}`
    await scene.until('the supervisors', () => carrying(ours).length === 0)
    server = await scene.server()
    expect(await server.answer('get_run', { run })).toMatchObject({
      refused: true,
      content: { code: 'RUN_UNKNOWN' },
    })
    expect(existsSync(folder)).toBe(false)
  })
})

describe('one that writes log without end', () => {
  test('is stopped by the limit, which is named', async () => {
    const { run, folder } = await scene.submit(server, { name: 'floods', command: 'exec yes flooded' })
    expect(await scene.ended(server, run)).toMatchObject({
      state: 'stopped',
      reason: expect.stringContaining('limits.log_bytes (20000000)'),
    })
    expect(scene.read(folder, 'end.json')).toMatchObject({ signal: 'SIGTERM', exit_code: 143 })
    expect(liveness(await scene.started(folder))).toBe('dead')
    rmSync(join(folder, 'logs/stdout.log'))
  })

  const ROOM = 4 * 1024 ** 3
  const { bavail, bsize } = statfsSync(process.env.TMPDIR ?? '/tmp')
  test.skipIf(bavail * bsize < ROOM)(
    'a gigabyte is cut off at the limit of 300 MB, and the tail is answered (needs 4 GB of room)',
    async () => {
      const large = new Scene('id: large\nlimits: {log_bytes: 300000000}\n')
      try {
        const asking = await large.server()
        const line = 'x'.repeat(999)
        // No faster than the supervisor of a busy machine looks: it stops what lives.
        const program = `import os, time
block = b"${line}\\n" * 1000
for _ in range(1000):
    os.write(1, block); time.sleep(0.005)
`
        const { run, folder } = await large.submit(asking, {
          name: 'gigabyte',
          command: ['python3', '-c', program],
        })
        const shown = await large.ended(asking, run)
        expect(shown).toMatchObject({
          state: 'stopped',
          reason: expect.stringContaining('limits.log_bytes (300000000)'),
        })
        expect(shown.logs.stdout.length).toBeGreaterThan(0)
        const { size } = statSync(join(folder, 'logs/stdout.log'))
        expect(size).toBeGreaterThan(300_000_000)
        expect(size).toBeLessThan(1_000_000_000)
      } finally {
        await large.dispose()
      }
    },
  )
})

test('none of them left a file half written', () => {
  const names = scene.experiments().flatMap((run) => readdirSync(scene.folder(`0001/${run}`)))
  expect(names.filter((name) => /^\.(?:tmp-|started\.json\.|exit\.json\.)/.test(name))).toEqual([])
  expect(readFileSync(join(scene.root, '.specweave/ml.yaml'), 'utf8')).toContain('id: scripts')
})
