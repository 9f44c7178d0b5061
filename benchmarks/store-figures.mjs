// What the index costs: taking up events, ranking 10,000 runs, making it anew, its size.
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { benchWorkspace } from './bench-workspace.mjs'
import { interleave, median, printFigure, printSkipped, timed } from './figure.mjs'
import { StdioClient } from './stdio-client.mjs'

const POINTS = 1_000_000
const RUNS = 10_000
const PARAMS = 10
const METRICS = ['accuracy', 'f1', 'loss', 'precision', 'recall']
/** 100 points a run: 1,000,000 in all. */
const STEPS = 20

export async function storeFigures(options) {
  const parts = await import(options.storeParts)
  await manyPoints(parts, options)
  await manyRuns(parts, options)
}

/** A folder as the SDK leaves it. */
function writeRun(experiments, name, lines) {
  const folder = join(experiments, name)
  mkdirSync(join(folder, 'events'), { recursive: true })
  writeFileSync(
    join(folder, 'run.json'),
    JSON.stringify({
      format: 1,
      run: `0001/${name}`,
      name,
      created: '2026-11-21T08:00:00.000Z',
      made_by: 'sdk',
      command: ['python', 'train.py'],
      cwd: '.',
      params: {},
      dataset: null,
      seed: null,
      parent: null,
      previous: null,
      baseline: null,
      timeout_s: null,
      resources: { cpus: 1, gpus: 0, memory_gb: null },
      metrics_from: [],
      env: {},
      request: '',
    }),
  )
  lines.push('{"k":"status","v":"succeeded","t":1790000000.5}')
  writeFileSync(join(folder, 'events', 'bench-1-0.jsonl'), `${lines.join('\n')}\n`)
  return folder
}

async function manyPoints(parts, { main, quick }) {
  const workspace = benchWorkspace()
  const client = await new StdioClient(
    main,
    ['serve', '--workspace', workspace.root],
    workspace.env,
  ).initialize()
  try {
    const experiments = await newIncrement(client, workspace.root)
    const lines = Array.from(
      { length: POINTS },
      (_, i) => `{"k":"metric","n":"loss","v":${Math.random()},"s":${i},"t":${1790000000 + i / 1000}}`,
    )
    const folder = writeRun(experiments, 'exp-001-long', lines)
    const { layout } = parts.openWorkspace(workspace.root)
    const file = join(folder, 'events', 'bench-1-0.jsonl')
    const rounds = quick ? 1 : 3
    const found = await interleave(
      {
        parsed: () => timed(() => parseLines(file)),
        async ours() {
          const index = await parts.openIndex(
            { ...layout, folder: join(workspace.root, '.bench', String(Math.random())) },
            '',
          )
          return timed(() => parts.indexRun(index, '0001/exp-001-long', folder))
        },
      },
      rounds,
      0,
    )
    const perSecond = (ms) => (1000 * POINTS) / ms
    printFigure({
      name: 'ingest of metric events into the index',
      unit: 'events/s',
      value: perSecond(median(found.ours)),
      floor: perSecond(median(found.parsed)),
      goal: { atLeast: 250_000 },
      n: rounds,
      floor_is: 'JSON.parse of each line, nothing kept',
    })
    const index = await parts.openIndex({ ...layout, folder: join(workspace.root, '.bench', 'kept') }, '')
    parts.indexRun(index, '0001/exp-001-long', folder)
    index.driver.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    printFigure({
      name: 'index size, 1,000,000 points',
      unit: 'MiB',
      value: statSync(index.file).size / 1024 ** 2,
      goal: { atMost: 40 },
      n: 1,
    })
    await client.call('list_runs')
    const curve = await interleave(
      {
        store: () =>
          timed(() => parts.sampleCurve('loss', parts.readPoints(index, '0001/exp-001-long', 'loss'))),
        stdio: () => timed(() => client.call('get_run', { run: '0001/exp-001-long', curves: ['loss'] })),
      },
      quick ? 3 : 7,
    )
    for (const [where, values] of Object.entries(curve))
      printFigure({
        name: `curve of 1,000,000 points, sampled, ${where === 'store' ? 'in the store' : 'get_run over stdio'}`,
        unit: 'ms',
        value: median(values),
        goal: { atMost: 200 },
        n: values.length,
      })
    parts.closeIndexes()
  } finally {
    await client.close()
    await workspace.dispose()
  }
}

async function newIncrement(client, root) {
  await client.call('create_increment', { title: 'Bench', problem_type: 'classification' })
  const increments = join(root, '.specweave', 'increments')
  return join(increments, readdirSync(increments)[0], 'experiments')
}

function parseLines(file) {
  let sum = 0
  for (const line of readFileSync(file, 'utf8').split('\n')) if (line) sum += JSON.parse(line).t
  return sum
}

/** Parameters and last metrics of run `i`; `group` has ten values, so that each holds for 1,000 runs. */
function contentOf(i) {
  const params = { group: i % 10 }
  for (let p = 1; p < PARAMS; p++) params[`param_${p}`] = p % 2 ? i / p : `choice-${i % (p + 1)}`
  const metrics = Object.fromEntries(
    METRICS.map((name, m) => [name, ((i * 7919 + m * 104_729) % 1_000_003) / 1_000_003]),
  )
  return { params, metrics }
}

async function manyRuns(parts, { main, rounds }) {
  const workspace = benchWorkspace()
  const client = await new StdioClient(
    main,
    ['serve', '--workspace', workspace.root],
    workspace.env,
  ).initialize()
  try {
    const experiments = await newIncrement(client, workspace.root)
    for (let i = 0; i < RUNS; i++) {
      const { params, metrics } = contentOf(i)
      const lines = Object.entries(params).map(([n, v]) =>
        JSON.stringify({ k: 'param', n, v, t: 1790000000 }),
      )
      for (let s = 1; s <= STEPS; s++)
        for (const [n, v] of Object.entries(metrics))
          lines.push(`{"k":"metric","n":"${n}","v":${(v * s) / STEPS},"s":${s},"t":1790000000.25}`)
      writeRun(experiments, `exp-${String(i + 1).padStart(5, '0')}-run`, lines)
    }
    const opened = parts.openWorkspace(workspace.root)
    const index = await parts.openIndex(opened.layout)
    const read = await timed(() => readAll(experiments))
    const rebuilt = await timed(() => parts.rebuildIndex(opened, index))
    printFigure({
      name: 'rebuild-index of 10,000 runs, 1,000,000 points',
      unit: 's',
      value: rebuilt / 1000,
      floor: read / 1000,
      goal: { atMost: 10 },
      n: 1,
      floor_is: 'reading and parsing the same files',
    })
    await top10(parts, index, client, rounds)
    parts.closeIndexes()
  } finally {
    await client.close()
    await workspace.dispose()
  }
}

function readAll(experiments) {
  for (const name of readdirSync(experiments)) {
    JSON.parse(readFileSync(join(experiments, name, 'run.json'), 'utf8'))
    for (const file of readdirSync(join(experiments, name, 'events')))
      parseLines(join(experiments, name, 'events', file))
  }
}

async function top10(parts, index, client, rounds) {
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
  const found = await interleave(
    {
      ...(bare ? { bare: () => timed(bare) } : {}),
      store: () =>
        timed(() => parts.rankRuns(index, query).rows.map(({ run }) => parts.summarizeRun(index, run))),
      stdio: () =>
        timed(() =>
          client.call('compare_runs', {
            increment: '0001',
            metric: 'accuracy',
            where: ['group=3'],
            limit: 10,
          }),
        ),
      list: () => timed(() => client.call('list_runs')),
    },
    rounds * 2,
    3,
  )
  const floor = found.bare ? median(found.bare) : undefined
  const figure = (name, values, goal, more) =>
    printFigure({ name, unit: 'ms', value: median(values), goal, n: values.length, ...more })
  if (!bare) printSkipped('top 10 of 10,000 runs, bare SQLite', 'better-sqlite3 is not installed')
  figure('top 10 of 10,000 runs where a parameter = x, in the store', found.store, { atMost: 5 }, { floor })
  figure(
    'top 10 of 10,000 runs where a parameter = x, compare_runs over stdio',
    found.stdio,
    { atMost: 10 },
    { floor },
  )
  figure('list_runs over stdio with 10,000 runs', found.list)
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
