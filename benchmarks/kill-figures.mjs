// Points that were acknowledged to a script and are gone after SIGKILL, and what the tool says of the run then.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { benchWorkspace } from './bench-workspace.mjs'
import { printFigure, printSkipped } from './figure.mjs'
import { StdioClient } from './stdio-client.mjs'
import { isInstalled, TRACKERS, trackersEnvironment } from './trackers.mjs'

/** Points a second; 0: as many as it can. */
const RATES = { 'full speed': 0, '100 a second': 100, '5 a second': 5 }
const KILL_AFTER_MS = 2000
/** Helpers that outlive the script get this long to write what they hold. */
const AFTERWARDS_MS = 2000

export async function killFigures({ root, main, python, quick }) {
  const names = { bare: 'a line-buffered file', specweave: 'ours' }
  for (const [name, title] of Object.entries({ ...TRACKERS, mlflow: 'MLflow' })) {
    if (isInstalled(python, name)) names[name] = title
    else printSkipped(`lost by SIGKILL: ${title}`, `${name} is not installed`)
    if (name === 'mlflow' && names.mlflow) names['mlflow-async'] = 'MLflow async'
  }
  const workspace = benchWorkspace()
  const client = await new StdioClient(
    main,
    ['serve', '--workspace', workspace.root],
    workspace.env,
  ).initialize()
  try {
    await client.call('create_increment', { title: 'Bench', problem_type: 'classification' })
    const place = {
      cwd: workspace.root,
      env: { ...trackersEnvironment(root, workspace.root), ...workspace.env },
    }
    const script = [python, join(root, 'benchmarks', 'python', 'kill.py')]
    for (const [name, title] of Object.entries(names))
      for (const [rate, perSecond] of Object.entries(quick ? { '100 a second': 100 } : RATES)) {
        const run = `killed-${name}-${perSecond}`
        const logged = await logUntilKilled(script, name, run, perSecond, place)
        await sleep(AFTERWARDS_MS)
        const { points, state } =
          name === 'specweave' ? await lookAtOurs(client, run) : readBack(script, name, run, place)
        printFigure({
          name: `lost by SIGKILL at ${rate}: ${title}`,
          unit: 'points',
          value: Math.max(0, logged - points),
          of: logged,
          state,
          n: 1,
          ...(name === 'specweave' ? { goal: { atMost: 0 } } : {}),
        })
      }
  } finally {
    await client.close()
    await workspace.dispose()
  }
}

/** @returns how many points were acknowledged. */
async function logUntilKilled([python, script], name, run, rate, place) {
  const acks = join(place.cwd, `${run}.acks`)
  const child = spawn(python, [script, 'log', name, run, String(rate), acks], {
    ...place,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.on('data', (text) => {
    said = (said + text).slice(-2000)
  })
  // A helper that outlives the script may hold its stderr: the end of the process itself counts.
  const ended = new Promise((resolve) => child.once('exit', resolve))
  for (const until = Date.now() + 60_000; !existsSync(acks); await sleep(20))
    if (child.exitCode !== null || Date.now() > until) throw new Error(`${name} logged nothing: ${said}`)
  await sleep(KILL_AFTER_MS)
  child.kill('SIGKILL')
  await ended
  child.stderr.destroy()
  return statSync(acks).size
}

function readBack([python, script], name, run, place) {
  const done = spawnSync(python, [script, 'read', name, run], {
    ...place,
    encoding: 'utf8',
    timeout: 120_000,
  })
  if (done.status !== 0) throw new Error(`${name}: ${done.stderr.slice(-2000)}`)
  return JSON.parse(done.stdout.trim().split('\n').at(-1))
}

/** The first look after the death: what it says is not made true by an earlier one. */
async function lookAtOurs(client, name) {
  const { state, curves } = await client.call('get_run', { run: name, curves: ['loss'] })
  return { points: curves[0].points, state }
}
