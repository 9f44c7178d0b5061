import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { indexRun } from '../../src/runs/index-run.ts'
import { indexedPoints } from '../support/indexed-points.ts'
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
  const points = indexedPoints(index, run, 'loss')
  expect(points.map(([step]) => step)).toEqual([0, 1, 2, 3, 4, 5])
  expect(points.slice(0, 2).map(([, value]) => value)).toEqual([1, 0.5])
  expect(readFileSync(join(folder, 'events/metrics-from-1.jsonl'), 'utf8').split('\n')).toHaveLength(7)
})

test('a log that was never written is a warning', async () => {
  lab = new LabWorkspace()
  const { folder } = await lab.start('print(1)', { metrics_from: [{ path: '{run_dir}/none.csv' }] })
  const end = await lab.end(folder)
  expect(end.state).toBe('succeeded')
  expect(end.warnings.join()).toContain('none.csv was never written')
})

test('a log that two live runs share is named in the warnings of both', async () => {
  lab = new LabWorkspace({ config: 'limits: {cpus: 2}\n' })
  // Each ends when both have begun.
  const program = `import os, sys, time
open("shared.csv", "a").write("step,loss\\n0,1\\n")
open(sys.argv[1], "w").close()
while not (os.path.exists("a.on") and os.path.exists("b.on")): time.sleep(0.05)
time.sleep(1)`
  const start = (name: string) =>
    lab.submit({
      command: ['python', '-c', program, `${name}.on`],
      name,
      params: { name },
      metrics_from: [{ path: 'shared.csv' }],
    })
  const [a, b] = [await start('a'), await start('b')]
  await lab.schedule()
  expect((await lab.end(a.folder)).warnings.join()).toContain(
    `shared.csv was written by ${b.run} at the same time`,
  )
  expect((await lab.end(b.folder)).warnings.join()).toContain(
    `shared.csv was written by ${a.run} at the same time`,
  )
})
