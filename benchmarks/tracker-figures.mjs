// The same script's work with other trackers, where the Python of SPECWEAVE_BENCH_PYTHON has them.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { benchWorkspace } from './bench-workspace.mjs'
import { interleave, median, printFigure, printSkipped } from './figure.mjs'
import { StdioClient } from './stdio-client.mjs'
import { isInstalled, TRACKERS, trackersEnvironment } from './trackers.mjs'

/** Calls to log a metric: fewer where each takes milliseconds. */
const CALLS = { bare: 5000, specweave: 5000, mlflow: 300, wandb: 2000, trackio: 5000, aim: 2000 }

const MEASURED = {
  import: ['import', 'ms'],
  first: ['first tracked run of a process', 'ms'],
  run: ['a tracked run from start to finish, 10 params and 1 metric', 'ms'],
  call: ['log_metric', 'us'],
  memory: ['memory of a script in a run, peak', 'MiB'],
}

export async function trackerFigures({ root, main, python, rounds }) {
  const present = Object.keys(TRACKERS).filter((name) => isInstalled(python, name))
  for (const name of Object.keys(TRACKERS))
    if (!present.includes(name))
      printSkipped(TRACKERS[name], `${name} is not installed in the Python that SPECWEAVE_BENCH_PYTHON names`)
  if (present.length === 0) return
  const workspace = benchWorkspace()
  const client = await new StdioClient(
    main,
    ['serve', '--workspace', workspace.root],
    workspace.env,
  ).initialize()
  try {
    await client.call('create_increment', { title: 'Bench', problem_type: 'classification' })
    const env = trackersEnvironment(root, workspace.root)
    const names = ['bare', 'specweave', ...present]
    const answers = Object.fromEntries(names.map((name) => [name, []]))
    const measure = (name) => () => {
      answers[name].push(JSON.parse(trackersScript(root, python, workspace.root, env, name)))
      return 0
    }
    const count = Math.min(3, rounds)
    await interleave(Object.fromEntries(names.map((name) => [name, measure(name)])), count, 0)
    for (const [key, [what, unit]] of Object.entries(MEASURED)) {
      const of = (name) => median(answers[name].map((answer) => answer[key] ?? Number.NaN))
      for (const name of ['specweave', ...present])
        printFigure({
          name: `${what}: ${TRACKERS[name] ?? 'ours'}`,
          unit,
          value: of(name),
          floor: key === 'import' ? undefined : of('bare'),
          n: count,
        })
    }
  } finally {
    await client.close()
    await workspace.dispose()
  }
}

function trackersScript(root, python, folder, env, name) {
  const script = join(root, 'benchmarks', 'python', 'trackers.py')
  const done = spawnSync(python, [script, name, folder, String(CALLS[name]), '10'], {
    cwd: folder,
    env,
    encoding: 'utf8',
    timeout: 120_000,
  })
  if (done.status !== 0) throw new Error(`${name}: ${done.stderr.slice(-2000)}`)
  return done.stdout.trim().split('\n').at(-1)
}
