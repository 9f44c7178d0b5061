// What it costs to run a command: submission, start, end, and the next in the queue.
import { spawn } from 'node:child_process'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { benchWorkspace } from './bench-workspace.mjs'
import { interleave, median, printFigure, timed } from './figure.mjs'
import { StdioClient } from './stdio-client.mjs'

const COMMANDS = { 'python -c pass': ['python', '-c', 'pass'], true: ['true'] }

export async function runFigures({ main, python, rounds }) {
  const workspace = benchWorkspace({ config: `interpreter: ${python}\nlimits: {cpus: 1}\n` })
  const client = await new StdioClient(
    main,
    ['serve', '--workspace', workspace.root],
    workspace.env,
  ).initialize()
  try {
    const made = await client.call('create_increment', { title: 'Bench', problem_type: 'classification' })
    const experiments = join(
      workspace.root,
      '.specweave',
      'increments',
      made.folder ?? '0001-bench',
      'experiments',
    )
    await client.call('run_experiment', { name: 'warm', command: COMMANDS['python -c pass'], wait_s: 40 })
    await submission(client, experiments, rounds)
    for (const [name, command] of Object.entries(COMMANDS)) {
      await oneJob(client, name, command, python, rounds)
      await queued(client, experiments, name, command, python, rounds)
    }
  } finally {
    await client.close()
    await workspace.dispose()
  }
}

let number = 0
/** Parameters that no request had before: an equal request is answered by the earlier run. */
const fresh = () => ({ bench: ++number })

function folderOf(experiments, run) {
  return join(experiments, run.split('/')[1])
}

async function submission(client, experiments, rounds) {
  const answered = []
  const started = []
  const node = []
  for (let i = 0; i < rounds; i++) {
    node.push(await timed(() => spawned([process.execPath, '-e', '0'])))
    const began = Date.now()
    const clock = performance.now()
    const { run } = await client.call('run_experiment', {
      name: 'started',
      command: COMMANDS['python -c pass'],
      params: fresh(),
    })
    answered.push(performance.now() - clock)
    await client.call('get_run', { run, wait_s: 40 })
    started.push(statSync(join(folderOf(experiments, run), 'started.json')).mtimeMs - began)
  }
  printFigure({
    name: 'run_experiment answered, p50',
    unit: 'ms',
    value: median(answered),
    goal: { atMost: 30 },
    n: rounds,
  })
  printFigure({
    name: 'command started after run_experiment, p50',
    unit: 'ms',
    value: median(started),
    floor: median(node),
    floor_is: 'a Node that does nothing, started and ended',
    goal: { atMost: 150 },
    n: rounds,
  })
}

async function oneJob(client, name, command, python, rounds) {
  const found = await interleave(
    {
      bare: () => timed(() => spawned(real(command, python))),
      ours: () =>
        timed(() => client.call('run_experiment', { name: 'job', command, params: fresh(), wait_s: 40 })),
    },
    rounds,
  )
  printFigure({
    name: `one job of \`${name}\`, submission to known end`,
    unit: 'ms',
    value: median(found.ours),
    floor: median(found.bare),
    goal: { atMost: 120 },
    n: rounds,
  })
}

/** The time between the ends of runs that wait for each other: there is one CPU to be had. */
async function queued(client, experiments, name, command, python, rounds) {
  const bare = []
  for (let i = 0; i < rounds; i++) bare.push(await timed(() => spawned(real(command, python))))
  const { runs } = await client.call('run_experiment', {
    experiments: Array.from({ length: rounds + 1 }, (_, i) => ({
      name: `queue-${i}`,
      command,
      params: fresh(),
    })),
    wait_s: 40,
  })
  const ids = runs.map(({ run }) => run)
  await client.call('get_run', { run: ids, wait_s: 40, wait_for: 'all' })
  const ends = ids
    .map((run) => statSync(join(folderOf(experiments, run), 'end.json')).mtimeMs)
    .sort((a, b) => a - b)
  const gaps = ends.slice(1).map((end, i) => end - ends[i])
  printFigure({
    name: `one job of \`${name}\`, queued behind another`,
    unit: 'ms',
    value: median(gaps),
    floor: median(bare),
    goal: { atMost: 30 },
    n: gaps.length,
  })
}

function real(command, python) {
  return command[0] === 'python' ? [python, ...command.slice(1)] : command
}

function spawned([program, ...args]) {
  return new Promise((resolve, reject) => {
    spawn(program, args, { stdio: 'ignore' }).once('exit', resolve).once('error', reject)
  })
}
