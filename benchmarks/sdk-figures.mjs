// What the SDK costs a script, beside the same work in bare Python.
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { benchWorkspace } from './bench-workspace.mjs'
import { interleave, median, printFigure, printSkipped, timed } from './figure.mjs'
import { StdioClient } from './stdio-client.mjs'

export async function sdkFigures({ root, main, python, rounds }) {
  const workspace = benchWorkspace()
  const client = await new StdioClient(
    main,
    ['serve', '--workspace', workspace.root],
    workspace.env,
  ).initialize()
  try {
    await client.call('create_increment', { title: 'Bench', problem_type: 'classification' })
    const increments = join(workspace.root, '.specweave', 'increments')
    // As it is for users: modules are compiled once.
    const { PYTHONDONTWRITEBYTECODE: _, ...inherited } = process.env
    const env = {
      ...inherited,
      PYTHONPATH: join(root, 'python', 'sdk'),
      PYTHONPYCACHEPREFIX: join(workspace.root, '.pycache'),
      SPECWEAVE_INCREMENT: readdirSync(increments)[0].slice(0, 4),
    }
    const script = (args) => {
      const done = spawnSync(python, args, { cwd: workspace.root, env, encoding: 'utf8' })
      if (done.status !== 0) throw new Error(done.stderr)
      return done.stdout
    }
    await imports(script, rounds)
    memory(script, rounds)
    costs(
      (round) => JSON.parse(script([join(root, 'benchmarks', 'python', 'sdk_costs.py'), String(round)])),
      rounds,
    )
  } finally {
    await client.close()
    await workspace.dispose()
  }
}

async function imports(script, rounds) {
  const found = await interleave(
    {
      bare: () => timed(() => script(['-c', 'pass'])),
      package: () => timed(() => script(['-c', 'import specweave'])),
      tracking: () => timed(() => script(['-c', 'from specweave import track_experiment'])),
    },
    rounds,
  )
  for (const [name, values] of [
    ['import specweave', found.package],
    ['from specweave import track_experiment', found.tracking],
  ])
    printFigure({
      name: `${name}, over bare Python`,
      unit: 'ms',
      value: median(values) - median(found.bare),
      goal: { atMost: 25 },
      n: rounds,
    })
}

/** Peak resident memory of a script in a run, and of one without. */
function memory(script, rounds) {
  if (process.platform !== 'linux') return printSkipped('memory of a script in a run', 'only Linux tells it')
  const peak =
    'print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))'
  const tracked = `from specweave import track_experiment
with track_experiment("memory") as run:
    run.log_params({f"p{i}": i for i in range(10)})
    for step in range(1000): run.log_metric("loss", step / 7, step=step)
${peak}`
  // Kilobytes on Linux, bytes on macOS.
  const mib = (program) =>
    Number(script(['-c', program])) / (process.platform === 'darwin' ? 1024 ** 2 : 1024)
  const values = Array.from({ length: Math.min(5, rounds) }, () => [mib(tracked), mib(peak)])
  printFigure({
    name: 'memory of a script in a run',
    unit: 'MiB',
    value: median(values.map(([ours]) => ours)),
    floor: median(values.map(([, bare]) => bare)),
    goal: { atMost: 25 },
    n: values.length,
  })
}

function costs(measure, rounds) {
  const found = Array.from({ length: Math.min(7, rounds) }, (_, i) => measure(i))
  const of = (name) => median(found.map((one) => one[name]))
  const figures = [
    ['SDK log_metric, acknowledged to the kernel', 'us', 'log', { ratio: 2 }],
    ['a tracked run from start to finish, 10 params and 1 metric', 'ms', 'run', { ratio: 3 }],
    ['the first tracked run of a process', 'ms', 'first', { atMost: 5 }],
  ]
  for (const [name, unit, key, goal] of figures)
    printFigure({ name, unit, value: of(key), floor: of(`${key}_floor`), goal, n: found.length })
}
