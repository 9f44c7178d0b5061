import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { until } from '../support/until.ts'
import type { Product } from './product.ts'

type Event = Record<string, unknown>

export const lines = (...events: (Event | string)[]): string =>
  events.map((event) => `${typeof event === 'string' ? event : JSON.stringify(event)}\n`).join('')

/** What a script that reports all kinds of things leaves: two writers, with and without steps, and bad lines. */
export const WRITER_A = lines(
  { k: 'param', n: 'depth', v: 4, t: 10 },
  { k: 'metric', n: 'loss', v: 0.9, s: 1, t: 11 },
  { k: 'metric', n: 'loss', v: 0.5, s: 2, t: 12 },
  { k: 'metric', n: 'accuracy', v: 0.7, t: 13 },
  '{"k":"metric","n":"loss","v":',
  'not json at all',
  { k: 'metric', n: 'accuracy', v: 0.8, t: 14 },
  { k: 'metric', n: 'perplexity', v: 'NaN', s: 3, t: 14 },
  { k: 'metric', n: 'norm', v: 'Infinity', t: 14 },
  { k: 'note', v: 'learning rate was too high', t: 15 },
  { k: 'tag', n: 'team', v: 'core', t: 15 },
  { k: 'artifact', n: 'model.bin', kind: 'model', sha256: 'ab', bytes: 3, t: 16 },
  { k: 'someday', v: 'an event of a newer version', t: 16 },
)

export const WRITER_B = `${lines(
  { k: 'metric', n: 'loss', v: 0.4, s: 3, t: 12.5 },
  { k: 'metric', n: 'accuracy', v: 0.6, t: 13.5 },
  { k: 'tag', n: 'team', v: 'edge', t: 14 },
  { k: 'note', v: 'second writer', t: 12 },
)}{"k":"metric","n":"loss","v":0.1,"s":9,"t":`

/** The child of a run of the lab that writes both events files, as two processes of a script would. */
export const REPORTING = `
import os
events = os.path.join(os.environ["SPECWEAVE_RUN_DIR"], "events")
for name, text in (("host-1-a.jsonl", ${JSON.stringify(WRITER_A)}), ("host-2-b.jsonl", ${JSON.stringify(WRITER_B)})):
    open(os.path.join(events, name), "w").write(text)
open(os.path.join(os.environ["SPECWEAVE_RUN_DIR"], "model.bin"), "w").write("abc")
`

/** A run as the SDK leaves it when a script was started without the lab. */
export function writeSdkRun(product: Product, name: string, events: string): string {
  const run = `0001/${name}`
  const folder = product.folder(run)
  mkdirSync(join(folder, 'events'), { recursive: true })
  const record = {
    format: 1,
    run,
    created: '2026-11-20T08:00:00.000Z',
    made_by: 'sdk',
    command: ['python', 'mine.py'],
    cwd: '.',
    params: { lr: 0.3, layers: [64, 32], name: '0042' },
    dataset: null,
    seed: 7,
    parent: null,
    previous: null,
  }
  writeFileSync(join(folder, 'run.json'), JSON.stringify(record))
  writeFileSync(join(folder, 'events/host-9-z.jsonl'), events)
  return run
}

/** Runs in every state that a run can be in, with all that runs can hold. */
export async function makeHistory(product: Product): Promise<{ reporting: string; live: string }> {
  const increment = '0001'
  await product.call('create_increment', { title: 'history', problem_type: 'classification' })
  product.write('report.py', REPORTING)
  const reporting = await product.run({
    increment,
    name: 'reporting',
    command: ['python3', 'report.py'],
    params: { lr: 0.1, layers: [64, 32] },
  })
  await product.run({ increment, name: 'failing', command: ['python3', '-c', 'import sys; sys.exit(3)'] })
  await product.run({ increment, name: 'failing', command: ['python3', '-c', 'import sys; sys.exit(3)'] })
  await product.run({ increment, name: 'seeded', command: ['python3', '-c', 'print(1)'], seeds: [1, 2] })
  await product.run({
    increment,
    name: 'slow',
    command: ['python3', '-c', 'import time; time.sleep(9)'],
    timeout_s: 0.3,
  })
  const stopped = await product.call('run_experiment', {
    increment,
    name: 'stopped',
    command: ['python3', '-c', 'import time; time.sleep(60)'],
  })
  await product.call('stop_run', { run: stopped.run, reason: 'enough' })
  await product.ended(stopped)
  writeSdkRun(
    product,
    'exp-090-mine',
    lines({ k: 'metric', n: 'loss', v: 1.5, t: 20 }, { k: 'status', v: 'succeeded', t: 21 }),
  )
  writeSdkRun(product, 'exp-091-vanished', lines({ k: 'metric', n: 'loss', v: 1.5, t: 20 }))
  writeFileSync(
    join(product.folder(reporting.run), 'evidence.json'),
    JSON.stringify({
      format: 1,
      splits: {
        validation: {
          metrics: [{ name: 'accuracy', value: 0.75, ci: [0.7, 0.8] }],
          at: '2026-11-20T09:00:00.000Z',
        },
      },
    }),
  )
  // Fills the machine, so that what follows waits in the queue.
  const filling = { command: ['python3', '-c', 'import time; time.sleep(600)'], resources: { cpus: 2 } }
  const { run: live } = await product.call('run_experiment', { increment, name: 'filling', ...filling })
  await product.call('run_experiment', { increment, name: 'waiting', ...filling, params: { n: 1 } })
  await until(
    'the filling run',
    async () => (await product.call('get_run', { run: live })).state === 'running',
  )
  return { reporting: reporting.run, live }
}
