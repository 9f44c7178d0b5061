import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { processStartTime } from '../../src/adapters/process/identity.ts'
import { commandOf, kill } from '../support/processes.ts'
import { NO_LAB } from '../tools/product.ts'
import { Scene } from './scene.ts'
import type { Server, ShownRun } from './server.ts'

let scene: Scene
let server: Server
beforeAll(async () => {
  scene = new Scene('id: supervisors\nlimits: {cpus: 2}\n')
  server = await scene.server()
})
afterAll(() => scene.dispose())

let number = 0
/** A run that prints, and ends with `code` when it is let go. */
async function begin(code: number): Promise<{ run: string; folder: string; letGo(): void; pid: number }> {
  const go = join(scene.base, `go-${++number}`)
  const { run, folder } = await scene.submit(server, {
    name: 'waits',
    command: `echo $$; while [ ! -e ${go} ]; do sleep 0.05; done; echo let go; exit ${code}`,
  })
  const pid = await scene.until('its pid', () => scene.lines(join(folder, 'logs/stdout.log'))[0])
  return { run, folder, letGo: () => writeFileSync(go, ''), pid: Number(pid) }
}

const state = async (run: string) => (await server.call<ShownRun>('get_run', { run })).state

describe('a supervisor that stands still', () => {
  test('is never replaced, and ends its run truly when it goes on', async () => {
    const { run, folder, letGo } = await begin(5)
    const supervisor = await scene.claim(folder)
    await scene.standStill(supervisor.pid)
    letGo()
    await scene.until('the exit', () => existsSync(join(folder, 'exit.json')))
    for (let i = 0; i < 5; i++)
      expect(await server.call('get_run', { run, wait_s: 0.3 })).toMatchObject({ state: 'evaluating' })
    const other = await scene.server()
    expect(await other.call('get_run', { run })).toMatchObject({ state: 'evaluating' })
    expect(existsSync(join(folder, 'claim-2.json'))).toBe(false)
    expect(existsSync(join(folder, 'end.json'))).toBe(false)
    kill(supervisor.pid, 'SIGCONT')
    expect(await scene.ended(server, run)).toMatchObject({ state: 'failed', exit_code: 5 })
    expect(scene.read(folder, 'end.json')).toMatchObject({ judged_by: 'supervisor' })
  })
})

describe('SIGKILL', () => {
  test('of the script is its exit code', async () => {
    const { run, pid } = await begin(0)
    kill(pid)
    expect(await scene.ended(server, run)).toMatchObject({ state: 'failed', exit_code: 137 })
  })

  test('of the wrapper alone: the run goes on as long as its command does, and then its exit is not known', async () => {
    const { run, folder, letGo, pid } = await begin(0)
    kill((await scene.started(folder)).pid)
    for (let i = 0; i < 3; i++)
      expect(await server.call('get_run', { run, wait_s: 0.3 })).toMatchObject({ state: 'running' })
    expect(processStartTime(pid)).toBeDefined()
    letGo()
    expect(await scene.ended(server, run)).toMatchObject({
      state: 'lost',
      reason: 'its process ended without leaving an exit code',
      logs: { stdout: [String(pid), 'let go'] },
    })
  })

  test('of the whole group is a loss, which the supervisor says', async () => {
    const { run, folder } = await begin(0)
    kill(-(await scene.started(folder)).pid)
    expect(await scene.ended(server, run)).toMatchObject({ state: 'lost' })
    expect(scene.read(folder, 'end.json')).toMatchObject({ judged_by: 'supervisor', exit_code: null })
  })

  test('of the supervisor while nobody looks, then of its adopter: the third ends the run', async () => {
    const { run, folder, letGo } = await begin(7)
    for (const n of [1, 2]) {
      const claim = await scene.claim(folder, n)
      kill(claim.pid)
      await scene.gone(claim, `supervisor ${n}`)
      // One that was asked for a moment ago is given time to appear.
      await scene.until('the next', async () => {
        await server.call('get_run', { run })
        return existsSync(join(folder, `claim-${n + 1}.json`))
      })
    }
    letGo()
    expect(await scene.ended(server, run)).toMatchObject({ state: 'failed', exit_code: 7 })
    expect(scene.read(folder, 'end.json')).toMatchObject({ judged_by: 'adopter' })
  })

  test('of server, supervisor, wrapper and script at once is a loss that the next server finds', async () => {
    const other = await scene.server()
    const { run, folder, pid } = await begin(0)
    const [{ pid: supervisor }, { pid: wrapper }] = [await scene.claim(folder), await scene.started(folder)]
    for (const victim of [other.pid, supervisor, wrapper, pid]) kill(victim)
    const next = await scene.server()
    expect(await next.call('get_run', { run })).toMatchObject({ state: 'lost' })
    expect(await scene.ended(next, run)).toMatchObject({ state: 'lost' })
    expect(await scene.end(folder)).toMatchObject({ state: 'lost', exit_code: null, judged_by: 'adopter' })
  })

  test('of a supervisor before it has started the command: the next starts it, once', async () => {
    const starts = join(scene.base, 'starts')
    const servers = await Promise.all([scene.server(), scene.server()])
    const { run, folder } = await scene.submit(server, {
      name: 'killed-early',
      command: `echo started >> ${starts}; sleep 0.3; exit 2`,
    })
    kill((await scene.claim(folder)).pid)
    for (const one of servers) await one.call('get_run', { run })
    expect(await scene.ended(server, run)).toMatchObject({ state: 'failed', exit_code: 2 })
    expect(scene.lines(starts)).toEqual(['started'])
  })
})

describe('a supervisor that died after end.json', () => {
  const END = {
    state: 'failed',
    reason: 'exit code 4',
    exit_code: 4,
    signal: null,
    started: '2026-01-01T00:00:00.000Z',
    ended: '2026-01-01T00:00:01.000Z',
    duration_s: 1,
    asleep_s: 0,
    judged_by: 'supervisor',
    warnings: ['said by the dead'],
    resources: null,
  }
  const LEFT = /^\.(?:gitignore|tmp-.*|started\.json\..*)$/

  test.each([
    ['and the index knows the run alive', false],
    ['and the index is gone too', true],
  ])('%s: who looks next completes the folder, and the end stands as it is', async (_, deleted) => {
    const { run, folder, letGo } = await begin(4)
    const supervisor = await scene.claim(folder)
    await scene.standStill(supervisor.pid)
    letGo()
    await scene.until('the exit', () => existsSync(join(folder, 'exit.json')))
    expect(await state(run)).toBe('evaluating')
    writeFileSync(join(folder, '.tmp-999999999-abcdef'), '{"state":"fai')
    writeFileSync(join(folder, '.started.json.1'), '{')
    const text = `${JSON.stringify(END, undefined, 2)}\n`
    writeFileSync(join(folder, 'end.json'), text)
    kill(supervisor.pid)
    await scene.gone(supervisor, 'the supervisor')
    if (deleted)
      for (const suffix of ['', '-wal', '-shm'])
        rmSync(join(scene.root, `.specweave/index.db${suffix}`), { force: true })
    const next = await scene.server()
    await scene.until(
      'the last act',
      async () => {
        expect(await next.call('get_run', { run })).toMatchObject({ state: 'failed', exit_code: 4 })
        return !readdirSync(folder).some((name) => LEFT.test(name))
      },
      30,
    )
    expect(scene.read(folder, 'params.json')).toEqual({})
    expect(scene.read(folder, 'metrics.json')).toBeDefined()
    expect(readFileSync(join(folder, 'end.json'), 'utf8')).toBe(text)
    expect(await next.call('get_run', { run })).toMatchObject({ warnings: ['said by the dead'] })
  })
})

describe.skipIf(NO_LAB)(`a run that is being scored (${NO_LAB ?? 'with the lab'})`, () => {
  const PREDICTS = `
import csv, os
with open(os.environ["SPECWEAVE_VALIDATION"]) as rows, \\
     open(os.environ["SPECWEAVE_RUN_DIR"] + "/predictions/validation.csv", "w") as out:
    out.write("row_id,prediction\\n")
    for row in csv.DictReader(rows):
        out.write(row["row_id"] + ("," + "yes\\n" if float(row["minutes"]) > {cut} else ",no\\n"))
`
  beforeAll(async () => {
    const rows = Array.from({ length: 600 }, (_, i) => {
      const minutes = (i * 37) % 101
      return `${i},${minutes},${i % 7},${(minutes > 60) === (i % 9 !== 0) ? 'yes' : 'no'}`
    })
    scene.write('calls.csv', `id,minutes,calls,churn\n${rows.join('\n')}\n`)
    await server.call('register_dataset', {
      name: 'calls',
      source: 'calls.csv',
      target: 'churn',
      positive: 'yes',
      problem_type: 'classification',
      increment: '0001',
    })
  })

  const predict = (cut: number) =>
    scene.submit(server, {
      name: 'predicts',
      command: ['python3', '-c', PREDICTS.replace('{cut}', String(cut))],
      dataset: 'calls@1',
    })
  const labOf = (folder: string, n = 1) =>
    scene.until('the lab', () => {
      const supervisor = scene.read<{ pid: number }>(folder, `claim-${n}.json`)?.pid
      return supervisor && childrenOf(supervisor).find((pid) => commandOf(pid).includes('specweave_lab'))
    })
  const measured = ({ metrics }: ShownRun) =>
    metrics
      .filter(({ source, split }) => source === 'measured' && split === 'validation')
      .map(({ name }) => name)

  test('is measured when the lab is killed under it', async () => {
    const { run, folder } = await predict(50)
    kill(await labOf(folder))
    const shown = await scene.ended(server, run)
    expect(shown.state).toBe('succeeded')
    expect(measured(shown)).toContain('accuracy')
    expect(shown.warnings.join()).not.toContain('SIGKILL')
  })

  test('is measured when supervisor and lab are killed under it', async () => {
    const { run, folder } = await predict(60)
    const lab = await labOf(folder)
    kill((await scene.claim(folder)).pid)
    kill(lab)
    const shown = await scene.ended(server, run)
    expect(shown).toMatchObject({ state: 'succeeded', exit_code: 0 })
    expect(measured(shown)).toContain('accuracy')
    expect(scene.read(folder, 'end.json')).toMatchObject({ judged_by: 'adopter' })
    expect(shown.warnings.join()).not.toContain('SIGKILL')
  })

  test('keeps its outcome when the lab is killed again and again, and says what was not measured', async () => {
    const { run, folder } = await predict(70)
    let killed = 0
    while (!existsSync(join(folder, 'end.json'))) {
      const supervisor = scene.read<{ pid: number }>(folder, 'claim-1.json')?.pid
      for (const pid of supervisor ? childrenOf(supervisor) : []) {
        if (!commandOf(pid).includes('specweave_lab')) continue
        kill(pid)
        killed++
      }
      await new Promise((done) => setTimeout(done, 5))
    }
    expect(killed).toBeGreaterThan(1)
    const shown = await scene.ended(server, run)
    expect(shown.state).toBe('succeeded')
    expect(shown.warnings.join()).toMatch(/not measured.*SIGKILL/)
    expect(measured(shown)).toEqual([])
  })
})

function childrenOf(parent: number): number[] {
  try {
    return readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8')
      .split(' ')
      .filter(Boolean)
      .map(Number)
  } catch {
    return []
  }
}
