import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { RealClient, ROOT } from './client.ts'

const engine = RealClient.find('specweave', join(ROOT, 'clients-workspace'))

/** It refuses to work below the system's temporary folder. */
const refused = engine?.place.startsWith('/tmp/')

describe.skipIf(!engine || refused)('the SpecWeave engine, in a project that it made', () => {
  const project = engine?.project ?? ''
  const call = (tool: string, args: object) => {
    const words = [join(ROOT, 'dist/main.js'), 'call', tool, JSON.stringify(args)]
    const { status, stdout, stderr } = spawnSync(process.execPath, words, {
      cwd: project,
      env: engine!.env,
      encoding: 'utf8',
    })
    expect(status, `${tool}: ${stdout}${stderr}`).toBe(0)
    return JSON.parse(stdout)
  }
  const file = (path: string) => join(project, '.specweave', path)
  const edit = (path: string, change: (text: string) => string) =>
    writeFileSync(file(path), change(readFileSync(file(path), 'utf8')))

  beforeAll(async () => {
    execFileSync('git', ['init', '-q'], { cwd: project })
    cpSync(join(ROOT, 'examples/churn/churn.csv'), join(project, 'churn.csv'))
    const { code, stdout, stderr } = await engine!.run([
      'init',
      '.',
      '--adapter',
      'generic',
      '--language',
      'en',
      '--quick',
    ])
    expect(code, stdout + stderr).toBe(0)
  })
  afterAll(() => engine!.remove())

  it('lists our increment, and counts on from it', async () => {
    const { increment } = call('create_increment', {
      title: 'build a churn model',
      problem_type: 'classification',
      success_metrics: ['roc_auc >= 0.75'],
    })
    expect(increment).toBe('0001')
    expect((await engine!.run(['status'])).stdout).toContain('0001-churn-model')
    const { stdout: next } = await engine!.run(['next-id'])
    const second = call('create_increment', {
      title: 'lifetime value',
      problem_type: 'regression',
      success_metrics: ['rmse < 50'],
    })
    expect(second.increment).toBe(next.trim())
  })

  it('closes it after our validation', async () => {
    const increment = '0001'
    call('register_dataset', {
      name: 'churn',
      source: 'churn.csv',
      target: 'churn',
      problem_type: 'classification',
      increment,
    })
    call('run_baselines', { increment, wait_s: 40 })
    const script = '.specweave/increments/0001-churn-model/scripts/train.py'
    const { run } = call('run_experiment', {
      increment,
      name: 'first',
      command: ['python', script],
      wait_s: 40,
    })
    const settled = () => {
      const live = () =>
        call('list_runs', { increment, state: ['queued', 'starting', 'running', 'evaluating'] })
      for (let { runs } = live(); runs.length > 0; runs = live().runs)
        call('get_run', { run: runs.map((one: { run: string }) => one.run), wait_s: 40 })
    }
    settled()
    call('evaluate_run', { run, split: 'test', wait_s: 40 })
    settled()
    expect(call('validate_increment', { increment }).verdict).toBe('pass')
    expect(call('complete_increment', { increment }).status).toBe('ready_for_review')
    // What is the engine's own: ticks of people, and its reports, which its settings turn off.
    for (const name of ['spec.md', 'tasks.md'])
      edit(`increments/0001-churn-model/${name}`, (text) => text.replaceAll('- [ ]', '- [x]'))
    edit('increments/0001-churn-model/tasks.md', (text) =>
      text.replaceAll(/\*\*Status\*\*: \[ \].*/g, '**Status**: [x] completed'),
    )
    edit('config.json', (text) =>
      JSON.stringify({ ...JSON.parse(text), grill: { required: false }, codeReview: { required: false } }),
    )
    const { stdout, stderr } = await engine!.run(['complete', '0001', '--yes'])
    const { status } = JSON.parse(readFileSync(file('increments/0001-churn-model/metadata.json'), 'utf8'))
    expect(status, stdout + stderr).toBe('completed')
  })
})
