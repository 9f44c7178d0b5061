// One job of `python -c pass` beside a Ray job on a local head, where Ray is installed.
import { join } from 'node:path'
import { benchWorkspace } from './bench-workspace.mjs'
import { interleave, median, printFigure, printSkipped, timed } from './figure.mjs'
import { PythonWorker } from './python-worker.mjs'
import { StdioClient } from './stdio-client.mjs'
import { isInstalled } from './trackers.mjs'

const WHAT = 'one job of `python -c pass`, submission to known end'

export async function rayFigures({ root, main, python, rounds, scratch }) {
  if (process.platform !== 'linux' || !isInstalled(python, 'ray'))
    return printSkipped(
      `${WHAT}: Ray job`,
      'ray is not installed in the Python that SPECWEAVE_BENCH_PYTHON names',
    )
  const workspace = benchWorkspace({ config: `interpreter: ${python}\n` })
  const worker = new PythonWorker(python, [join(root, 'benchmarks', 'python', 'ray_job.py')], {
    cwd: scratch(),
  })
  const client = await new StdioClient(
    main,
    ['serve', '--workspace', workspace.root],
    workspace.env,
  ).initialize()
  try {
    await client.call('create_increment', { title: 'Bench', problem_type: 'classification' })
    let number = 0
    const found = await interleave(
      {
        ours: () =>
          timed(() =>
            client.call('run_experiment', {
              name: 'job',
              command: ['python', '-c', 'pass'],
              params: { bench: ++number },
              wait_s: 40,
            }),
          ),
        async ray() {
          const { ms, status } = await worker.ask('job')
          if (status !== 'SUCCEEDED') throw new Error(`the Ray job ended as ${status}`)
          return ms
        },
      },
      Math.min(7, rounds),
    )
    for (const [who, values] of [
      ['ours', found.ours],
      ['Ray job', found.ray],
    ])
      printFigure({ name: `${WHAT}: ${who}`, unit: 'ms', value: median(values), n: values.length })
  } finally {
    await worker.close()
    await client.close()
    await workspace.dispose()
  }
}
