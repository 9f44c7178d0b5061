import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import type { Claim } from '../../src/runs/record.ts'
import { LabWorkspace } from '../support/lab-workspace.ts'
import { connect } from '../support/mcp-client.ts'
import { kill } from '../support/processes.ts'

let lab: LabWorkspace
afterEach(() => lab.dispose())

/** Logs a point every 10 ms; its own fsynced list says which were acknowledged by the SDK. */
const SCRIPT = `
import os, time, specweave
acknowledged = open("acknowledged.txt", "w")
with specweave.track_experiment("points") as exp:
    for i in range(150):
        exp.log_metric("loss", 1.0 / (i + 1), step=i)
        acknowledged.write(f"{i}\\n"); acknowledged.flush(); os.fsync(acknowledged.fileno())
        time.sleep(0.01)
raise SystemExit(7)
`

test('a run goes on and ends truly when the server and its supervisor are killed in its middle', async () => {
  lab = new LabWorkspace()
  lab.write('points.py', SCRIPT)
  const first = await connect(lab.root)
  await first.call('create_increment', {
    title: 'killed in the middle',
    problem_type: 'classification',
    id: '0002',
  })
  const { run } = await first.call<{ run: string }>('run_experiment', {
    increment: '0002',
    name: 'points',
    command: ['python', 'points.py'],
  })
  const folder = join(
    lab.root,
    '.specweave/increments/0002-killed-in-the-middle/experiments',
    run.split('/')[1]!,
  )
  const count = () => lab.lines('acknowledged.txt').length
  await lab.until('some points', () => count() > 20)
  kill(first.pid)
  kill((lab.read<Claim>(folder, 'claim-1.json') as Claim).pid)
  await lab.until('the script to go on with nobody looking', () => count() === 150)

  const second = await connect(lab.root)
  try {
    const view = await second.call<Record<string, never>>('get_run', { run, wait_s: 30, curves: ['loss'] })
    expect(view).toMatchObject({ state: 'failed', exit_code: 7, curves: [{ name: 'loss', points: 150 }] })
    expect(lab.read(folder, 'end.json')).toMatchObject({ judged_by: 'adopter', exit_code: 7 })
  } finally {
    await second.client.close()
  }
})
