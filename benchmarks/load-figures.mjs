// What a call costs while a run logs 20,000 points a second.
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { benchWorkspace } from './bench-workspace.mjs'
import { median, printFigure, quantile } from './figure.mjs'
import { StdioClient } from './stdio-client.mjs'

const RATE = 20_000
const GOAL_MS = 50
/** So long is the pause before one of so many calls: what was logged meanwhile waits to be taken up. */
const PAUSE_MS = 1500
const PAUSE_EVERY = 60

export async function loadFigures({ root, main, python, quick }) {
  const seconds = quick ? 6 : 20
  const workspace = benchWorkspace({ config: `interpreter: ${python}\n` })
  cpSync(join(root, 'benchmarks', 'python', 'flood.py'), join(workspace.root, 'flood.py'))
  const client = await new StdioClient(
    main,
    ['serve', '--workspace', workspace.root],
    workspace.env,
  ).initialize()
  try {
    await client.call('create_increment', { title: 'Bench', problem_type: 'classification' })
    const { run } = await client.call('run_experiment', {
      name: 'flood',
      command: ['python', 'flood.py', String(RATE), String(seconds)],
    })
    const calls = {
      get_run: () => client.call('get_run', { run }),
      compare_runs: () => client.call('compare_runs', { increment: '0001', metric: 'loss' }),
      'get_run with its curve': () => client.call('get_run', { run, curves: ['loss'] }),
    }
    const took = await whileItRuns(calls, () => client.call('get_run', { run, log_lines: 0 }))
    const { logs, curves, state } = await client.call('get_run', { run, wait_s: 40, curves: ['loss'] })
    if (state !== 'succeeded') throw new Error(`the run is ${state}: ${logs.stderr.join('\n')}`)
    const logged = Number(logs.stdout.at(-1))
    for (const [name, values] of Object.entries(took))
      printFigure({
        name: `${name} while a run logs ${RATE.toLocaleString('en')} points/s, p99`,
        unit: 'ms',
        value: quantile(values, 0.99),
        goal: { atMost: GOAL_MS },
        n: values.length,
        p50: Number(median(values).toPrecision(4)),
        worst: Number(Math.max(...values).toPrecision(4)),
        per_second: Math.round(logged / seconds),
      })
    // Points that were acknowledged to the script, and are not in the answer, or are there twice.
    printFigure({
      name: `points lost or doubled while they were read, of ${logged.toLocaleString('en')}`,
      unit: 'points',
      value: Math.abs(logged - curves[0].points),
      goal: { atMost: 0 },
      n: 1,
    })
  } finally {
    await client.close()
    await workspace.dispose()
  }
}

/** Calls in turn, with pauses of 0 to 30 ms, and now and then a long one. */
async function whileItRuns(calls, look) {
  const took = Object.fromEntries(Object.keys(calls).map((name) => [name, []]))
  // The first of each loads the code that it needs.
  for (const call of Object.values(calls)) await call()
  let some = 1
  for (let i = 0; ; i++) {
    for (const [name, call] of Object.entries(calls)) {
      some = (some * 7919) % 104_729
      await sleep(some % PAUSE_EVERY === 0 ? PAUSE_MS : some % 30)
      const began = performance.now()
      await call()
      took[name].push(performance.now() - began)
      if (process.env.BENCH_DEBUG && performance.now() - began > 20)
        console.error(name, i, some % PAUSE_EVERY === 0, performance.now() - began)
    }
    if (i % 5 === 4 && !['queued', 'starting', 'running'].includes((await look()).state)) return took
  }
}
