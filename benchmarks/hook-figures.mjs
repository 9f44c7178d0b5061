// What a hook adds to a turn of an assistant: a process, from its start to its end, with nothing to say.
import { spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { newIncrement, writeRun } from './bench-runs.mjs'
import { benchWorkspace } from './bench-workspace.mjs'
import { interleave, median, printFigure, timed } from './figure.mjs'
import { StdioClient } from './stdio-client.mjs'

const RUNS = 200
const EVENTS = {
  'session-start': {},
  'before-stop': { last_assistant_message: 'The model reaches a ROC AUC of 0.5.' },
  'edited-file': { tool_input: { file_path: 'src/train.py' } },
}

export async function hookFigures({ main, rounds }) {
  const workspace = benchWorkspace()
  try {
    const client = await new StdioClient(
      main,
      ['serve', '--workspace', workspace.root],
      workspace.env,
    ).initialize()
    const experiments = await newIncrement(client, workspace.root)
    for (let i = 1; i <= RUNS; i++) writeRun(experiments, `exp-${String(i).padStart(3, '0')}-past`, [])
    await client.call('list_runs')
    await client.close()
    const node = (args, input) => () =>
      timed(() =>
        spawnSync(process.execPath, args, {
          cwd: workspace.root,
          input,
          env: { ...process.env, ...workspace.env },
        }),
      )
    const hook = join(dirname(main), 'hook.cjs')
    const works = Object.entries(EVENTS).map(([name, event]) => [
      name,
      node([hook, name], JSON.stringify(event)),
    ])
    const found = await interleave(
      { bare: node(['-e', '0'], ''), ...Object.fromEntries(works) },
      rounds * 2,
      3,
    )
    for (const name of Object.keys(EVENTS))
      printFigure({
        name: `hook ${name}, ${RUNS} runs recorded`,
        unit: 'ms',
        value: median(found[name]),
        floor: median(found.bare),
        goal: { atMost: 100 },
        n: rounds * 2,
      })
  } finally {
    await workspace.dispose()
  }
}
