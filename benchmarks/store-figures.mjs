// What it costs to take up events: a run of 1,000,000 points.
import { mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { longCurve, newIncrement, POINTS, parseLines, writeRun } from './bench-runs.mjs'
import { benchWorkspace } from './bench-workspace.mjs'
import { interleave, median, printFigure, timed } from './figure.mjs'
import { StdioClient } from './stdio-client.mjs'

export async function storeFigures({ main, quick, storeParts }) {
  const parts = await import(storeParts)
  const workspace = benchWorkspace()
  const client = await new StdioClient(
    main,
    ['serve', '--workspace', workspace.root],
    workspace.env,
  ).initialize()
  try {
    const experiments = await newIncrement(client, workspace.root)
    const folder = writeRun(experiments, 'exp-001-long', longCurve())
    const { layout } = parts.openWorkspace(workspace.root)
    const file = join(folder, 'events', 'bench-1-0.jsonl')
    const rounds = quick ? 1 : 3
    const newIndex = () => {
      const folder = join(workspace.root, '.bench', String(Math.random()))
      mkdirSync(folder, { recursive: true })
      return parts.openIndex({ ...layout, folder })
    }
    const found = await interleave(
      {
        parsed: () => timed(() => parseLines(file)),
        async ours() {
          const index = await newIndex()
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
    const index = await newIndex()
    parts.indexRun(index, '0001/exp-001-long', folder)
    index.driver.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    printFigure({
      name: 'index size, 1,000,000 points',
      unit: 'MiB',
      value: statSync(index.file).size / 1024 ** 2,
      goal: { atMost: 40 },
      n: 1,
    })
    parts.closeIndexes()
  } finally {
    await client.close()
    await workspace.dispose()
  }
}
