import { cpSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { liveness, processStartTime } from '../../src/adapters/process/identity.ts'
import { lookAt } from '../../src/runs/index-run.ts'
import { stopOne } from '../../src/runs/stop-one.ts'
import { summarizeRun } from '../../src/runs/summary.ts'
import { LabWorkspace } from '../support/lab-workspace.ts'
import { kill } from '../support/processes.ts'

let lab: LabWorkspace
afterEach(() => lab.dispose())

const SLOW = `
import time, sys
for i in range(30):
    print(i, flush=True); time.sleep(0.05)
sys.exit(3)
`

describe('a run', () => {
  test('ends with the exit code, log and records of its command', async () => {
    lab = new LabWorkspace({ git: true })
    lab.write(
      'train.py',
      'import os, sys\nprint("lr", sys.argv[1], os.environ["SPECWEAVE_RUN"])\nsys.exit(0)\n',
    )
    const { run, folder } = await lab.submit({
      command: ['python', 'train.py', '{lr}', '{unknown}'],
      params: { lr: 0.1 },
    })
    await lab.schedule()
    const end = await lab.end(folder)
    expect(end).toMatchObject({ state: 'succeeded', exit_code: 0, signal: null, judged_by: 'supervisor' })
    expect(lab.log(folder)).toBe('lr 0.1 0001/exp-001-try\n')
    expect(run).toBe('0001/exp-001-try')
    const record = lab.read<
      Record<string, { python?: string; git_sha?: string; dirty?: boolean; hash?: string }>
    >(folder, 'run.json')
    expect(record?.environment?.python).toMatch(/^3\./)
    expect(record?.code).toMatchObject({ git_sha: expect.stringMatching(/^[0-9a-f]{40}$/), dirty: true })
    expect(readFileSync(join(lab.root, '.specweave/code', record!.code!.hash!), 'utf8')).toContain(
      'SPECWEAVE_RUN',
    )
    expect(lab.read(folder, 'params.json')).toEqual({ lr: 0.1 })
  })

  test('goes on and ends truly when its supervisor is killed', async () => {
    lab = new LabWorkspace()
    const { folder } = await lab.start(SLOW)
    await lab.until(
      'output',
      () => existsSync(join(folder, 'logs/stdout.log')) && lab.log(folder).includes('3'),
    )
    kill((await lab.claim(folder)).pid)
    const end = await lab.end(folder)
    expect(end).toMatchObject({ state: 'failed', exit_code: 3, judged_by: 'adopter', reason: 'exit code 3' })
    expect(lab.log(folder).trim().split('\n')).toHaveLength(30)
    await lab.claim(folder, 2)
  })

  test('survives the death of two supervisors, and one that comes after its end', async () => {
    lab = new LabWorkspace()
    const { folder } = await lab.start(SLOW)
    await lab.started(folder)
    kill((await lab.claim(folder, 1)).pid)
    await lab.until('the adopter', async () => {
      await lab.schedule()
      return lab.read(folder, 'claim-2.json')
    })
    kill((await lab.claim(folder, 2)).pid)
    await lab.until('the exit code, with nobody looking', () => existsSync(join(folder, 'exit.json')))
    expect(await lab.end(folder)).toMatchObject({ state: 'failed', exit_code: 3 })
  })

  test('is lost, never running, when its processes are gone without an exit code', async () => {
    lab = new LabWorkspace()
    const { folder } = await lab.start('import time; time.sleep(60)')
    const started = await lab.started(folder)
    const claim = await lab.claim(folder)
    kill(claim.pid)
    kill(-started.pid)
    await lab.until('the deaths', () => liveness(started) === 'dead' && liveness(claim) === 'dead')
    expect(lookAt(folder)?.judgement.state).toBe('lost')
    expect(await lab.end(folder)).toMatchObject({ state: 'lost', exit_code: null })
  })

  test('stops with everything that it started, what left its session too', async () => {
    lab = new LabWorkspace()
    const { run, folder } = await lab.start(`
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import signal,time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(99)"], start_new_session=True)
print(child.pid, flush=True)
time.sleep(99)
`)
    const pid = Number(
      await lab.until(
        'the daemon',
        () => existsSync(join(folder, 'logs/stdout.log')) && lab.log(folder).trim(),
      ),
    )
    const state = await stopOne(
      lab.workspace,
      await lab.index(),
      { run, folder },
      'enough',
      new AbortController().signal,
    )
    expect(state).toEqual({ state: 'stopped', reason: 'enough' })
    expect(lab.read(folder, 'end.json')).toMatchObject({
      state: 'stopped',
      exit_code: 137,
      signal: 'SIGKILL',
    })
    expect(processStartTime(pid)).toBeUndefined()
  })

  test('is stopped while it waits in the queue, and never starts', async () => {
    lab = new LabWorkspace()
    const { run, folder } = await lab.submit({ command: ['python', '-c', 'print(1)'] })
    await stopOne(
      lab.workspace,
      await lab.index(),
      { run, folder },
      'not needed',
      new AbortController().signal,
    )
    await lab.schedule()
    expect(lab.read(folder, 'end.json')).toMatchObject({ state: 'stopped', reason: 'not needed' })
    expect(existsSync(join(folder, 'started.json'))).toBe(false)
  })

  test('ends at its timeout', async () => {
    lab = new LabWorkspace()
    const { folder } = await lab.start('import time; time.sleep(60)', { timeout_s: 0.5 })
    expect(await lab.end(folder)).toMatchObject({ state: 'timed_out', signal: 'SIGTERM' })
  })

  test('is stopped when its log grows past the limit', async () => {
    lab = new LabWorkspace({ config: 'limits: {log_bytes: 100000}\n' })
    const { folder } = await lab.start('while True: print("x" * 1000)')
    expect(await lab.end(folder)).toMatchObject({
      state: 'stopped',
      reason: expect.stringContaining('limits.log_bytes'),
    })
  })

  // The wrapper finds its folder again by /proc.
  test.runIf(process.platform === 'linux')(
    'that is moved with its workspace while it runs keeps its exit code',
    async () => {
      lab = new LabWorkspace()
      const { run, folder } = await lab.start(
        'import time; print("on", flush=True); time.sleep(1.5); raise SystemExit(5)',
      )
      await lab.until('the command', () => lab.log(folder).includes('on'))
      kill((await lab.claim(folder)).pid)
      await lab.move()
      const moved = lab.folderOf(run)
      await lab.until('the exit code, in the new place', () => existsSync(join(moved, 'exit.json')))
      expect(await lab.end(moved)).toMatchObject({ state: 'failed', exit_code: 5, judged_by: 'adopter' })
      await lab.schedule()
      expect(summarizeRun(await lab.index(), run)).toMatchObject({ state: 'failed', exitCode: 5 })
    },
  )

  test('in a copied workspace is lost, and its processes are left alone', async () => {
    lab = new LabWorkspace()
    const { folder } = await lab.start('import time; print("on", flush=True); time.sleep(60)')
    const started = await lab.started(folder)
    await lab.until('the command', () => lab.log(folder).includes('on'))
    const copy = join(lab.root, 'copy')
    cpSync(folder, copy, { recursive: true })
    expect(lookAt(copy)?.judgement).toMatchObject({ state: 'lost', reason: 'copied', owner: 'none' })
    expect(liveness(started)).toBe('alive')
  })
})

describe('the queue', () => {
  test('starts each run exactly once with four schedulers, also when the index is deleted meanwhile', async () => {
    lab = new LabWorkspace({ config: 'limits: {cpus: 2}\n' })
    const starts = join(lab.root, 'starts.txt')
    const program = `open(${JSON.stringify(starts)}, "a").write("{i}\\n")`
    const runs = []
    for (let i = 0; i < 16; i++)
      runs.push(await lab.submit({ command: ['python', '-c', program], params: { i }, name: `job${i}` }))
    await Promise.all([lab.schedule(), lab.schedule()])
    await lab.end(runs[2]!.folder)
    for (const name of readdirSync(join(lab.root, '.specweave')).filter((file) =>
      file.startsWith('index.db'),
    )) {
      rmSync(join(lab.root, '.specweave', name))
    }
    for (const { folder } of runs) await lab.end(folder)
    const lines = readFileSync(starts, 'utf8').trim().split('\n').map(Number)
    expect(lines.sort((a, b) => a - b)).toEqual(runs.map((_, i) => i))
    const index = await lab.index()
    await lab.schedule()
    expect(runs.map(({ run }) => summarizeRun(index, run)?.state)).toEqual(runs.map(() => 'succeeded'))
  })
})
