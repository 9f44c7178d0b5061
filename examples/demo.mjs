// A customer-churn model from spec to verdict, by a real MCP client over stdio on real data, then an existing script
// that knows nothing of us. `npm run demo` runs it; it leaves everything under demo-workspace/ to look at.
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'

const root = fileURLToPath(new URL('..', import.meta.url))
const main = join(root, 'dist', 'main.js')
const workspace = process.env.SPECWEAVE_DEMO_DIR ?? join(root, 'demo-workspace')
const started = Date.now()

function say(text = '') {
  console.log(text)
}

function expect(holds, what) {
  if (holds) return
  say(`\nNOT AS IT SHOULD BE: ${what}`)
  process.exit(1)
}

function shell(command, args, options = {}) {
  const { status } = spawnSync(command, args, { stdio: 'inherit', ...options })
  expect(status === 0, `${command} ${args.join(' ')} ended with ${status}`)
}

let calls = 0

/** One tool call, printed in short. `refused: true` expects a refusal. */
async function call(client, name, args, { refused = false } = {}) {
  calls += 1
  const shown = JSON.stringify(args)
  say(`\n[${String(calls).padStart(2)}] ${name} ${shown.length > 160 ? `${shown.slice(0, 160)}…` : shown}`)
  const at = Date.now()
  const result = await client.callTool({ name, arguments: args }, undefined, {
    timeout: 60_000,
    onprogress: ({ message }) => say(`     … ${message}`),
  })
  const text = (result.content ?? []).map((part) => part.text ?? '').join('\n')
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  for (const line of lines.slice(0, 16)) say(`     ${line.length > 150 ? `${line.slice(0, 150)}…` : line}`)
  if (lines.length > 16) say(`     … ${lines.length - 16} more lines`)
  say(`     (${((Date.now() - at) / 1000).toFixed(1)} s)`)
  expect(
    Boolean(result.isError) === refused,
    `${name} ${refused ? 'should have been refused' : 'was refused'}`,
  )
  return result.structuredContent
}

/** Asks again until none of the runs is under way: a tool call never lasts longer than 40 s. */
async function ended(client, runs) {
  let views = runs
  while (views.some(({ state }) => ['queued', 'starting', 'running', 'evaluating'].includes(state))) {
    views = (await call(client, 'get_run', { run: views.map(({ run }) => run), wait_s: 40, log_lines: 0 }))
      .runs
  }
  return views
}

/** One look at the sealed test set, and the end of what it left to do in the background: the control, a slow model. */
async function lookAtTest(client, run) {
  const look = await call(client, 'evaluate_run', { run, split: 'test' })
  const begun = look.next.filter(({ tool }) => tool === 'get_run').map((step) => step.arguments.run)
  if (begun.length > 0)
    await ended(
      client,
      begun.map((id) => ({ run: id, state: 'queued' })),
    )
  return look
}

async function connect() {
  const client = new Client({ name: 'demo', version: '1.0.0' })
  await client.connect(
    new StdioClientTransport({
      command: process.execPath,
      args: [main, 'serve', '--workspace', workspace],
      env: { ...process.env },
      stderr: 'inherit',
    }),
  )
  return client
}

function measured(view, name, split) {
  return view.metrics?.find((one) => one.source === 'measured' && one.name === name && one.split === split)
}

/** An assistant ticks its tasks by editing tasks.md; get_increment shows a tick that the record contradicts. */
function tick(path, tasks) {
  const file = join(workspace, path, 'tasks.md')
  const text = readFileSync(file, 'utf8').replace(
    /### (T-\d+):[^\n]*\n\*\*Status\*\*: \[ \] pending/g,
    (whole, id) => (tasks.includes(id) ? whole.replace('[ ] pending', '[x] completed') : whole),
  )
  writeFileSync(file, text)
  say(`\n     (ticked ${tasks.join(', ')} in ${path}/tasks.md)`)
}

async function churn(client) {
  const increment = await call(client, 'create_increment', {
    title: 'build a churn model',
    problem_type: 'classification',
    description:
      'Find customers of a phone company who are about to leave, early enough for a call by the retention team.',
    input: "a customer's plan, usage of the month and calls to customer service",
    output: 'probability that the customer leaves within the next month',
    success_metrics: ['roc_auc >= 0.88', 'accuracy >= 92%'],
  })
  const { increment: id } = increment
  const data = await call(client, 'register_dataset', {
    name: 'churn',
    source: 'churn/churn.csv',
    target: 'churn',
    positive: 'yes',
    problem_type: 'classification',
    increment: id,
  })
  expect(data.dataset === 'churn@1' && data.rows === 5000, 'churn@1 with 5,000 rows')
  const baselines = await call(client, 'run_baselines', { increment: id, wait_s: 40 })
  const baselineRuns = await ended(client, baselines.runs)
  expect(
    baselineRuns.every(({ state }) => state === 'succeeded'),
    'every baseline succeeded',
  )

  say('\n--- A script that types its own accuracy ---')
  const typed = await call(client, 'run_experiment', {
    increment: id,
    name: 'too-good',
    command: ['python', 'churn/typed_accuracy.py'],
    wait_s: 40,
  })
  expect(
    typed.state === 'succeeded' && typed.metrics[0].source === 'reported',
    'the typed number is only reported',
  )
  const premature = await call(client, 'validate_increment', { increment: id })
  expect(premature.verdict === 'incomplete', 'a typed accuracy of 0.99 does not pass')

  say('\n--- Three candidates side by side, and one that fails ---')
  const experiments = ['logistic', 'forest', 'boosting', 'broken'].map((name) => ({
    name,
    command: ['python', `churn/train_${name}.py`],
  }))
  const begun = await call(client, 'run_experiment', { increment: id, experiments, wait_s: 40 })
  const runs = await ended(client, begun.runs)
  expect(
    runs.slice(0, 3).every((view) => view.state === 'succeeded' && measured(view, 'roc_auc', 'validation')),
    'three measured candidates',
  )
  expect(
    runs[3].state === 'failed' && runs[3].notes?.length > 0,
    'the broken one failed, and its lesson is kept',
  )

  const compared = await call(client, 'compare_runs', { increment: id })
  expect(compared.best && compared.differences.length > 0, 'a best run, and tested differences')
  const look = await lookAtTest(client, compared.best)
  expect(
    look.look.used === 1 && look.metrics.every(({ grade }) => grade === 'sealed'),
    'one look, sealed numbers',
  )
  const verdict = await call(client, 'validate_increment', { increment: id })
  expect(verdict.verdict === 'pass', 'the validation passes')
  tick(increment.path, ['T-001', 'T-002', 'T-003', 'T-004', 'T-006'])
  const done = await call(client, 'complete_increment', { increment: id })
  expect(done.status === 'completed', 'the increment is completed')
  const synced = await call(client, 'sync_docs', { mode: 'check' })
  expect(synced.changed.length === 0 && synced.conflicts.length === 0, 'the living documents are up to date')
  expect(calls <= 20, `at most 20 calls (${calls})`)
  return { id, path: increment.path, compared, look, verdict, done }
}

async function legacy(client) {
  say('\n--- An existing script: its own command line, its own CSV log, no import of ours ---')
  const { increment } = await call(client, 'create_increment', {
    title: 'learning rate of the legacy churn script',
    problem_type: 'classification',
    description: 'Which learning rate of the script that marketing has used for years is best?',
    success_metrics: ['accuracy >= 85%'],
    dataset: 'churn@1',
  })
  const command =
    'python churn/legacy_train.py --train {train} --val {validation} --test {test} --lr {lr} --out {run_dir}'.split(
      ' ',
    )
  const begun = await call(client, 'run_experiment', {
    increment,
    experiments: [0.001, 0.01, 0.1].map((lr) => ({ name: `lr-${lr}`, command, params: { lr } })),
    metrics_from: [{ path: '{run_dir}/history.csv' }],
    wait_s: 40,
  })
  const runs = await ended(client, begun.runs)
  expect(
    runs.every((view) => view.state === 'succeeded' && measured(view, 'accuracy', 'validation')),
    'three measured runs',
  )
  expect(
    runs.every(({ metrics }) => metrics.some(({ source }) => source === 'reported')),
    'the CSV log was taken up',
  )
  const compared = await call(client, 'compare_runs', { increment, metric: 'accuracy' })
  expect(compared.rows.length === 3, 'three rows')
  return { increment, compared }
}

async function shortcut(client) {
  say('\n--- A script that copies the answers for the sealed rows from the source file ---')
  const { increment } = await call(client, 'create_increment', {
    title: 'a shortcut to the churn model',
    problem_type: 'classification',
    success_metrics: ['accuracy >= 85%'],
    dataset: 'churn@1',
  })
  const run = await call(client, 'run_experiment', {
    increment,
    name: 'shortcut',
    command: ['python', 'churn/copied_labels.py'],
    wait_s: 40,
  })
  const [view] = await ended(client, [run])
  expect(view.state === 'succeeded', 'nothing stops the script')
  const { code } = await call(client, 'evaluate_run', { run: view.run, split: 'test' }, { refused: true })
  expect(code === 'RUN_NOT_JUDGEABLE', 'no look is spent on it')
  const { verdict, checks } = await call(client, 'validate_increment', { increment })
  const failed = checks.filter(({ status }) => status === 'fail').map(({ id }) => id)
  expect(verdict === 'fail' && failed.includes('candidate.reads'), 'answers that were copied fail')
  return { code, failed }
}

function prepare() {
  expect(existsSync(main), 'dist/main.js is there (npm run build)')
  rmSync(workspace, { recursive: true, force: true })
  mkdirSync(workspace, { recursive: true })
  cpSync(join(root, 'examples', 'churn'), join(workspace, 'churn'), { recursive: true })
  const git = (...args) =>
    shell('git', ['-C', workspace, '-c', 'user.name=demo', '-c', 'user.email=demo@example.org', ...args])
  git('init', '-q')
  git('add', '.')
  git('commit', '-q', '-m', 'The data and the scripts')
  say("Setting up the lab's Python environment (once; later demos begin at once)")
  shell(process.execPath, [main, 'setup'])
}

prepare()
const client = await connect()
try {
  const { tools } = await client.listTools()
  say(`\nConnected over stdio: ${tools.length} tools.`)
  const first = await churn(client)
  const second = await legacy(client)
  const third = await shortcut(client)
  const best = first.look.metrics.find(({ name }) => name === 'roc_auc')
  const here = (path) => relative(process.cwd(), join(workspace, path))
  say(
    `\nVERDICT ${first.verdict.verdict.toUpperCase()}: ${first.compared.best}, roc_auc ${best.value.toFixed(4)} [${best.ci.map((v) => v.toFixed(4)).join(', ')}] on the sealed test set, measured by the lab.`,
  )
  say('Look at:')
  for (const path of [
    first.done.summary_path,
    join(first.path, 'spec.md'),
    join(first.path, 'experiments', 'comparison.md'),
    ...first.done.docs,
    join('.specweave', 'ledger'),
  ])
    say(`  ${here(path)}`)
  say(`The second increment: ${second.increment}, best learning rate ${second.compared.rows[0].params.lr}.`)
  say(
    `The shortcut was refused a look at the sealed test set (${third.code}), and failed: ${third.failed.join(', ')}.`,
  )
  say(`${calls} calls in ${((Date.now() - started) / 1000).toFixed(0)} s.`)
} finally {
  await client.close()
}
