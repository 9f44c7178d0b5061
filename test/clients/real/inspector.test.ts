import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
// @ts-expect-error a script without types
import { cachedPackage, node24 } from '../../../scripts/node24.mjs'
import { tools } from '../../../src/tools/registry.ts'
import { makePlace, SERVER } from '../place.ts'
import { PROMPT_NAMES } from '../prompt-names.ts'

/**
 * 110 MB in 120 packages, for Node 22.19 and newer, and under a licence in transition (MIT to Apache-2.0): too much for
 * everybody's `npm ci`. It is installed into .cache when these tests first need it.
 */
const INSPECTOR = '@modelcontextprotocol/inspector@2.12.0'

/** A model in a breath: a rule on two columns, from the standard library alone, handed in as plain files. */
const SCRIPT = `
import csv, os
def rows(name):
    with open(os.environ["SPECWEAVE_" + name]) as file:
        return list(csv.DictReader(file))
def score(row):
    calls = int(row["number_customer_service_calls"]) > 3
    return min(1.0, 0.05 + 0.5 * calls + float(row["total_day_charge"]) / 200)
os.makedirs(os.path.join(os.environ["SPECWEAVE_RUN_DIR"], "predictions"), exist_ok=True)
for name in ("train", "validation", "test"):
    with open(os.path.join(os.environ["SPECWEAVE_RUN_DIR"], "predictions", name + ".csv"), "w") as file:
        file.write("row_id,prediction,score_yes\\n")
        for row in rows(name.upper()):
            s = score(row)
            file.write(f"{row['row_id']},{'yes' if s > 0.5 else 'no'},{s}\\n")
`

const place = makePlace()
const called = new Set<string>()
let launcher = ''

/** One run of `mcp-inspector --cli`, which starts a server of its own. */
async function inspect(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  // The inspector hands a server a clean environment, as most clients do: what it needs is named.
  const named = Object.entries(place.env).flatMap(([name, value]) => ['-e', `${name}=${value}`])
  const words = [launcher, '--cli', ...named, ...args, '--', ...SERVER]
  return new Promise((resolve) =>
    execFile(
      node24(),
      words,
      { cwd: place.project, env: place.env, maxBuffer: 1 << 26 },
      (error, stdout, stderr) =>
        resolve({ code: error ? Number(error.code ?? 1) : 0, stdout, stderr: String(stderr) }),
    ),
  )
}

async function list<T>(what: string, method = `${what}/list`): Promise<T[]> {
  const { code, stdout, stderr } = await inspect('--method', method)
  expect(code, stderr).toBe(0)
  return (JSON.parse(stdout) as Record<string, T[]>)[what]!
}

async function call(tool: string, args: Record<string, unknown>): Promise<Record<string, unknown>> {
  const pairs = Object.entries(args).flatMap(([key, value]) => [
    '--tool-arg',
    `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  ])
  const { code, stdout, stderr } = await inspect('--method', 'tools/call', '--tool-name', tool, ...pairs)
  expect(code, `${tool}: ${stdout}${stderr}`).toBe(0)
  const result = JSON.parse(stdout) as { isError?: boolean; structuredContent: Record<string, unknown> }
  expect(result.isError ?? false, stdout).toBe(false)
  called.add(tool)
  return result.structuredContent
}

beforeAll(() => {
  launcher = join(
    cachedPackage('inspector', INSPECTOR) as string,
    'node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js',
  )
  writeFileSync(join(place.project, 'quick.py'), SCRIPT)
})

afterAll(() => place.remove())

describe('@modelcontextprotocol/inspector --cli', () => {
  it('lists every tool, and finds no error in their schemas', async () => {
    expect((await list<{ name: string }>('tools')).map(({ name }) => name)).toEqual(
      tools.map(({ name }) => name),
    )
    const { code, stderr } = await inspect('--method', 'tools/list', '--strict')
    expect(code, stderr).toBe(0)
  })

  it('calls every tool, each in a server of its own', { timeout: 300_000 }, async () => {
    const { increment } = await call('create_increment', {
      title: 'build a churn model',
      problem_type: 'classification',
      success_metrics: ['roc_auc >= 0.6'],
      baseline_lift: 0.01,
    })
    const id = String(increment)
    await call('register_dataset', {
      name: 'churn',
      source: 'churn/churn.csv',
      target: 'churn',
      positive: 'yes',
      problem_type: 'classification',
      split: { method: 'random', validation: 0.3 },
      increment: id,
    })
    await call('run_baselines', { increment: id, strategies: ['random'], wait_s: 40 })
    const slow = await call('run_experiment', {
      name: 'waits',
      command: ['python', '-c', 'import time; time.sleep(300)'],
    })
    expect(await call('stop_run', { run: slow.run })).toMatchObject({ state: 'stopped' })
    const { run } = await call('run_experiment', {
      name: 'quick',
      command: ['python', 'quick.py'],
      wait_s: 40,
    })
    expect(await call('get_run', { run, wait_s: 40 })).toMatchObject({ state: 'succeeded' })
    expect(await call('list_runs', { state: ['succeeded'] })).toMatchObject({ total: 2 })
    let again = await call('reproduce_run', { run, wait_s: 40 })
    while (!again.outcome) again = await call('reproduce_run', { run, wait_s: 40 })
    expect(again).toMatchObject({ outcome: 'identical' })
    expect(await call('compare_runs', { increment: id })).toMatchObject({ best: run })
    expect(await call('evaluate_run', { run, split: 'test' })).toMatchObject({ look: { used: 1 } })
    expect(await call('validate_increment', { increment: id })).toMatchObject({ candidate: run })
    expect(await call('get_increment', {})).toMatchObject({ increment: id, candidate: run })
    expect(
      await call('complete_increment', { increment: id, outcome: 'not_passed', reason: 'only a rule' }),
    ).toMatchObject({ status: 'abandoned' })
    await call('sync_docs', { mode: 'check' })
    expect(await call('record_insight', { text: 'A rule is a start', runs: [run] })).toMatchObject({
      known: false,
    })
    expect(await call('record_insight', { search: 'rule start' })).toMatchObject({
      found: [{ kind: 'lesson', text: 'A rule is a start' }, { kind: 'outcome' }],
    })
    expect(await call('create_issue', { increment: id })).toMatchObject({ outcome: 'written' })
    // A tool that is new here fails until it is called above.
    expect([...called].toSorted()).toEqual(tools.map(({ name }) => name).toSorted())
  })

  it('lists resources, templates and prompts, and reads one', async () => {
    const uris = (await list<{ uri: string }>('resources')).map(({ uri }) => uri)
    expect(uris).toContain('specweave://increment/0001/spec.md')
    const spec = await inspect('--method', 'resources/read', '--uri', 'specweave://increment/0001/spec.md')
    expect(spec.stdout).toContain('roc_auc')
    expect(
      (await list<{ uriTemplate: string }>('resourceTemplates', 'resources/templates/list')).length,
    ).toBeGreaterThan(0)
    const prompts = (await list<{ name: string }>('prompts')).map(({ name }) => name)
    expect(prompts.toSorted()).toEqual(PROMPT_NAMES.toSorted())
  })

  it('shows a refusal as a refusal', async () => {
    const { code, stdout } = await inspect(
      '--method',
      'tools/call',
      '--tool-name',
      'get_run',
      '--tool-arg',
      'run=0001/exp-999-none',
    )
    expect(`${code} ${stdout}`).toContain('RUN_UNKNOWN')
  })
})
