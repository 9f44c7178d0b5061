// What the server costs: its start, its memory, a call.
import { benchWorkspace } from './bench-workspace.mjs'
import { interleave, median, printFigure, timed } from './figure.mjs'
import { printMemory } from './memory.mjs'
import { StdioClient } from './stdio-client.mjs'

export async function serverFigures({ main, bareServer, rounds }) {
  const workspace = benchWorkspace()
  const ours = () => new StdioClient(main, ['serve', '--workspace', workspace.root], workspace.env)
  const bare = () => new StdioClient(bareServer)
  try {
    await coldStart(ours, bare, rounds)
    await calls(ours, bare, rounds)
  } finally {
    await workspace.dispose()
  }
}

async function coldStart(ours, bare, rounds) {
  const start = (open) => async () => {
    const began = performance.now()
    const client = open()
    await client.initialize()
    const took = performance.now() - began
    await client.close()
    return took
  }
  const found = await interleave({ bare: start(bare), ours: start(ours) }, rounds)
  printFigure({
    name: 'cold start to initialize answered',
    unit: 'ms',
    value: median(found.ours),
    floor: median(found.bare),
    goal: { ratio: 1.5 },
    n: rounds,
  })
}

async function calls(openOurs, openBare, rounds) {
  const ours = await openOurs().initialize()
  const bare = await openBare().initialize()
  try {
    printMemory('server memory, idle', ours, bare, { ratio: 1.3 })
    await ours.call('create_increment', { title: 'Bench', problem_type: 'classification' })
    const found = await interleave(
      {
        bare: () => timed(() => bare.call('nothing')),
        ours: () => timed(() => ours.call('list_runs')),
      },
      rounds * 20,
      20,
    )
    printFigure({
      name: 'list_runs over stdio, p50',
      unit: 'ms',
      value: median(found.ours),
      floor: median(found.bare),
      goal: { over: 1 },
      n: rounds * 20,
    })
  } finally {
    await ours.close()
    await bare.close()
  }
}
