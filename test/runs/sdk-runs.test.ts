import { execFileSync } from 'node:child_process'
import { resolve } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { summarizeIncrement } from '../../src/runs/summary.ts'
import { LabWorkspace } from '../support/lab-workspace.ts'

const SDK = resolve(import.meta.dirname, '../../python/sdk')
let lab: LabWorkspace
afterEach(() => lab.dispose())

function python(program: string): void {
  execFileSync('python3', ['-c', program], {
    cwd: lab.root,
    env: { ...process.env, PYTHONPATH: SDK },
    stdio: 'ignore',
  })
}

test('a script outside the lab is a run, found at the first look', async () => {
  lab = new LabWorkspace()
  python(`
import specweave
with specweave.track_experiment("outside", increment="0001") as exp:
    exp.log_params({"lr": 0.1}); exp.log_metric("loss", 0.5, step=1); exp.log_note("by hand")
`)
  await lab.schedule()
  expect(summarizeIncrement(await lab.index(), '0001')).toMatchObject([
    {
      run: '0001/exp-001-outside',
      state: 'succeeded',
      params: { lr: 0.1 },
      notes: ['by hand'],
      metrics: [{ name: 'loss', value: 0.5 }],
    },
  ])
})

test('one that was killed is lost, one that raised has failed', async () => {
  lab = new LabWorkspace()
  python(`
import os, signal, specweave
if os.fork() == 0:
    with specweave.track_experiment("killed", increment="0001") as exp:
        exp.log_metric("loss", 1.0); os.kill(os.getpid(), signal.SIGKILL)
os.wait()
try:
    with specweave.track_experiment("raised", increment="0001"):
        raise ValueError("no convergence")
except ValueError: pass
`)
  await lab.schedule()
  const [killed, raised] = summarizeIncrement(await lab.index(), '0001')
  expect(killed).toMatchObject({ name: 'exp-001-killed', state: 'lost' })
  expect(raised).toMatchObject({
    name: 'exp-002-raised',
    state: 'failed',
    reason: expect.stringContaining('no convergence'),
  })
})

test('one that handed in predictions for a data set is scored by whoever looks first, and its end is written down', async () => {
  lab = new LabWorkspace()
  const folder = `${lab.root}/.specweave/increments/0001-trial/experiments/exp-001-handed-in`
  lab.write(
    '.specweave/increments/0001-trial/experiments/exp-001-handed-in/run.json',
    JSON.stringify({
      format: 1,
      run: '0001/exp-001-handed-in',
      created: '2026-01-01T00:00:00.000Z',
      made_by: 'sdk',
      command: ['python'],
      params: {},
      dataset: 'nowhere@1',
    }),
  )
  lab.write(
    '.specweave/increments/0001-trial/experiments/exp-001-handed-in/predictions/validation.csv',
    'row_id,prediction\n1,yes\n',
  )
  lab.write(
    '.specweave/increments/0001-trial/experiments/exp-001-handed-in/events/h-1-a.jsonl',
    '{"k":"metric","n":"loss","v":1,"t":1767225660}\n{"k":"status","v":"succeeded","t":1767225661}\n',
  )
  await lab.schedule()
  const end = await lab.end(folder)
  // The data set is not there: the run keeps its outcome, and says that it was not measured.
  expect(end).toMatchObject({ state: 'succeeded', warnings: [expect.stringContaining('not measured')] })
})
