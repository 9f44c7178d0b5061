// A large workspace: 10,000 runs, then 10,000,000 points.
import { linkSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { longCurve, newIncrement, POINTS, parseLines, writeManyRuns, writeRun } from './bench-runs.mjs'
import { benchWorkspace } from './bench-workspace.mjs'
import { interleave, median, printFigure, timed } from './figure.mjs'
import { printMemory } from './memory.mjs'
import { searchFigures } from './search-figures.mjs'
import { StdioClient } from './stdio-client.mjs'

/** Runs of POINTS points each, beside the many short ones. */
const LONG_RUNS = 9

export async function scaleFigures(options) {
  const { main, quick, storeParts } = options
  const parts = await import(storeParts)
  const workspace = benchWorkspace()
  const serve = () =>
    new StdioClient(main, ['serve', '--workspace', workspace.root], workspace.env).initialize()
  let client = await serve()
  try {
    const experiments = await newIncrement(client, workspace.root)
    writeManyRuns(experiments)
    const opened = parts.openWorkspace(workspace.root)
    let index = await parts.openIndex(opened.layout)
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
    await searchFigures(parts, index, client, options)

    writeLongRuns(experiments)
    await client.close()
    index = await parts.openIndex(opened.layout)
    parts.refreshIndex(opened, index)
    index.driver.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    printFigure({
      name: 'index size, 10,000,000 points',
      unit: 'MiB',
      value: statSync(index.file).size / 1024 ** 2,
      goal: { atMost: 400 },
      n: 1,
    })
    client = await serve()
    await curve(parts, index, client, quick)
    parts.closeIndexes()
    await client.close()
    client = await serve()
    await memory(client, options)
  } finally {
    await client.close()
    await workspace.dispose()
  }
}

function readAll(experiments) {
  for (const name of readdirSync(experiments)) {
    if (!statSync(join(experiments, name)).isDirectory()) continue
    JSON.parse(readFileSync(join(experiments, name, 'run.json'), 'utf8'))
    for (const file of readdirSync(join(experiments, name, 'events')))
      parseLines(join(experiments, name, 'events', file))
  }
}

const longRun = (i) => `exp-${20_000 + i}-long`

/** The text is written once; the other runs hold links to it. */
function writeLongRuns(experiments) {
  const first = writeRun(experiments, longRun(0), longCurve())
  for (let i = 1; i < LONG_RUNS; i++) {
    const folder = writeRun(experiments, longRun(i), [])
    const file = join(folder, 'events', 'bench-2-0.jsonl')
    mkdirSync(join(folder, 'events'), { recursive: true })
    linkSync(join(first, 'events', 'bench-1-0.jsonl'), file)
  }
}

async function curve(parts, index, client, quick) {
  const run = `0001/${longRun(3)}`
  const found = await interleave(
    {
      'in the store': () => timed(() => parts.curveOf(index, run, 'loss')),
      async 'get_run over stdio'() {
        let answer
        const took = await timed(async () => {
          answer = await client.call('get_run', { run, curves: ['loss'] })
        })
        if (answer.curves[0].points !== POINTS) throw new Error(`${answer.curves[0].points} points`)
        return took
      },
    },
    quick ? 3 : 9,
  )
  for (const [where, values] of Object.entries(found))
    printFigure({
      name: `curve of 1,000,000 points, sampled, ${where}`,
      unit: 'ms',
      value: median(values),
      goal: { atMost: 200 },
      n: values.length,
    })
}

/** Ten of each call, as in a session of work; the bare server answers as many. */
async function memory(client, { bareServer }) {
  const bare = await new StdioClient(bareServer).initialize()
  try {
    for (let i = 0; i < 10; i++) {
      await client.call('list_runs', { limit: 50 })
      await client.call('get_run', { run: `0001/${longRun(i % LONG_RUNS)}`, curves: ['loss'] })
      await client.call('compare_runs', { increment: '0001', metric: 'accuracy', where: ['group=3'] })
      for (let j = 0; j < 3; j++) await bare.call('nothing')
    }
    printMemory('server memory, 10,000 runs and 10,000,000 points indexed', client, bare, { ratio: 2.5 })
  } finally {
    await bare.close()
  }
}
