// The top 10 of 10,000 runs by a metric where a parameter = x: in the store, over stdio, in bare SQLite, with MLflow.
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { contentOf, RUNS } from './bench-runs.mjs'
import { interleave, median, printFigure, printSkipped, timed } from './figure.mjs'
import { PythonWorker } from './python-worker.mjs'
import { isInstalled } from './trackers.mjs'

const WHAT = 'top 10 of 10,000 runs where a parameter = x'

export async function searchFigures(parts, index, client, { root, python, rounds, scratch }) {
  const bare = bareDatabase()
  const query = {
    metric: 'accuracy',
    direction: 'maximize',
    split: 'validation',
    increment: '0001',
    where: ['group=3'],
    limit: 10,
    offset: 0,
  }
  const asked = { increment: '0001', metric: 'accuracy', where: ['group=3'], limit: 10 }
  const found = await interleave(
    {
      ...(bare ? { bare: () => timed(bare) } : {}),
      store: () =>
        timed(() => parts.rankRuns(index, query).rows.map(({ run }) => parts.summarizeRun(index, run))),
      stdio: () => timed(() => client.call('compare_runs', asked)),
      list: () => timed(() => client.call('list_runs')),
    },
    rounds * 2,
    3,
  )
  const floor = found.bare ? median(found.bare) : undefined
  const figure = (name, values, more) =>
    printFigure({ name, unit: 'ms', value: median(values), n: values.length, ...more })
  if (!bare) printSkipped(`${WHAT}, bare SQLite`, 'better-sqlite3 is not installed')
  figure(`${WHAT}, in the store`, found.store, { goal: { atMost: 5 }, floor })
  figure(`${WHAT}, compare_runs over stdio`, found.stdio, { goal: { atMost: 10 }, floor })
  figure('list_runs over stdio with 10,000 runs', found.list, {})
  await besideMlflow(client, asked, floor, { root, python, rounds, scratch })
}

async function besideMlflow(client, asked, floor, { root, python, rounds, scratch }) {
  if (!isInstalled(python, 'mlflow'))
    return printSkipped(`${WHAT}: MLflow on SQLite`, 'mlflow is not installed')
  const script = join(root, 'benchmarks', 'python', 'mlflow_search.py')
  const worker = new PythonWorker(python, [script, String(RUNS)], { cwd: scratch() })
  try {
    const best = await client.call('compare_runs', asked)
    const first = await worker.ask('search')
    const ours = best.rows[0].metrics.find(({ name }) => name === 'accuracy').value
    if (first.found !== 10 || Math.abs(first.best - ours) > 1e-9)
      throw new Error(`MLflow found ${JSON.stringify(first)}, ours ${ours}`)
    const found = await interleave(
      {
        ours: () => timed(() => client.call('compare_runs', asked)),
        mlflow: async () => (await worker.ask('search')).ms,
      },
      Math.min(9, rounds),
    )
    for (const [who, values] of [
      ['ours', found.ours],
      ['MLflow on SQLite', found.mlflow],
    ])
      printFigure({ name: `${WHAT}: ${who}`, unit: 'ms', value: median(values), floor, n: values.length })
  } finally {
    await worker.close()
  }
}

/** The same rows in tables such as trackers keep, asked by a query such as they ask. */
function bareDatabase() {
  let Database
  try {
    Database = createRequire(import.meta.url)('better-sqlite3')
  } catch {
    return undefined
  }
  const database = new Database(':memory:')
  database.exec(`
    CREATE TABLE runs (run TEXT PRIMARY KEY, created TEXT);
    CREATE TABLE params (run TEXT, name TEXT, value TEXT, PRIMARY KEY (name, run));
    CREATE TABLE metrics (run TEXT, name TEXT, value REAL, PRIMARY KEY (name, run));
    CREATE INDEX by_param ON params (name, value, run);
  `)
  const run = database.prepare('INSERT INTO runs VALUES (?, ?)')
  const param = database.prepare('INSERT INTO params VALUES (?, ?, ?)')
  const metric = database.prepare('INSERT INTO metrics VALUES (?, ?, ?)')
  database.transaction(() => {
    for (let i = 0; i < RUNS; i++) {
      const { params, metrics } = contentOf(i)
      run.run(`run-${i}`, '2026-11-21')
      for (const [name, value] of Object.entries(params)) param.run(`run-${i}`, name, String(value))
      for (const [name, value] of Object.entries(metrics)) metric.run(`run-${i}`, name, value)
    }
  })()
  const top = database.prepare(`
    SELECT r.run, m.value FROM runs r JOIN params p ON p.run = r.run AND p.name = 'group' AND p.value = '3'
    JOIN metrics m ON m.run = r.run AND m.name = 'accuracy' ORDER BY m.value DESC LIMIT 10`)
  return () => top.all()
}
