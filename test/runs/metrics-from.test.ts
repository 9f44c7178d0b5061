import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { readPoints } from '../../src/runs/curve-chunks.ts'
import { indexRun } from '../../src/runs/index-run.ts'
import { LabWorkspace } from '../support/lab-workspace.ts'

let lab: LabWorkspace
afterEach(() => lab.dispose())

const SCRIPT = `
import csv, sys, time
with open(sys.argv[1] + "/history.csv", "w") as f:
    f.write("epoch,loss,name\\n")
    for i in range(5):
        f.write(f"{i},{1/(i+1)},x\\n"); f.flush(); time.sleep(0.02)
    f.write("5,nan,x")
`

test("a script's own CSV log becomes reported points, each once", async () => {
  lab = new LabWorkspace()
  const { run, folder } = await lab.submit({
    command: ['python', '-c', SCRIPT, '{run_dir}'],
    metrics_from: [{ path: '{run_dir}/history.csv' }],
  })
  await lab.schedule()
  expect(await lab.end(folder)).toMatchObject({
    state: 'succeeded',
    warnings: expect.arrayContaining(['loss became NaN by step 5']),
  })
  const index = await lab.index()
  indexRun(index, run, folder)
  const { steps, values } = readPoints(index, run, 'loss')
  expect(steps).toEqual([0, 1, 2, 3, 4, 5])
  expect(values.slice(0, 2)).toEqual([1, 0.5])
  expect(readFileSync(join(folder, 'events/metrics-from-1.jsonl'), 'utf8').split('\n')).toHaveLength(7)
})

test('a log that was never written is a warning', async () => {
  lab = new LabWorkspace()
  const { folder } = await lab.start('print(1)', { metrics_from: [{ path: '{run_dir}/none.csv' }] })
  const end = await lab.end(folder)
  expect(end.state).toBe('succeeded')
  expect(end.warnings.join()).toContain('none.csv was never written')
})
