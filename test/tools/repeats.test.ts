import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { found, Product } from './product.ts'

let product: Product
beforeAll(async () => {
  product = new Product('id: repeats\nlimits: {cpus: 4}\n')
  await product.call('create_increment', { title: 'trial', problem_type: 'classification' })
})
afterAll(() => product.dispose())

const request = (script: string, more: object = {}): object => ({
  increment: '0001',
  name: script.replace('.py', ''),
  command: ['python3', script],
  ...more,
})

describe('the same request again', () => {
  it('is answered by the run that succeeded, until the script, a parameter or the caller says otherwise', async () => {
    product.write('fine.py', 'print("one")\n')
    const first = await product.run(request('fine.py'))
    expect(first).toMatchObject({ run: '0001/exp-001-fine', state: 'succeeded', reused: false })
    expect(await product.run(request('fine.py'))).toMatchObject({ run: first.run, reused: true })
    expect(await product.run(request('fine.py', { again: true }))).toMatchObject({
      run: '0001/exp-001-fine-r2',
      reused: false,
    })
    product.write('fine.py', 'print("two")\n')
    expect(await product.run(request('fine.py'))).toMatchObject({
      run: '0001/exp-001-fine-r3',
      reused: false,
      logs: { stdout: ['two'] },
    })
    expect(await product.run(request('fine.py', { params: { lr: 1 } }))).toMatchObject({
      run: '0001/exp-001-fine-r4',
      params: { lr: 1 },
    })
    expect(await product.call('list_runs')).toMatchObject({ total: 4 })
  })

  it('that failed runs again, and can go on from what was there', async () => {
    product.write(
      'shaky.py',
      'import os, sys\nprint(os.environ.get("SPECWEAVE_PREVIOUS_RUN_DIR", "none"))\nsys.exit(3)\n',
    )
    const first = await product.run(request('shaky.py'))
    expect(first).toMatchObject({ state: 'failed', exit_code: 3, logs: { stdout: ['none'] } })
    const second = await product.run(request('shaky.py'))
    expect(second).toMatchObject({ run: `${first.run}-r2`, reused: false })
    expect(second.logs.stdout).toEqual([product.folder(first.run)])
  })

  it('that is running gives that run', async () => {
    product.write('slow.py', 'import time\ntime.sleep(60)\n')
    const first = await product.call('run_experiment', request('slow.py'))
    const second = await product.call('run_experiment', request('slow.py'))
    expect(second).toMatchObject({ run: first.run, reused: true })
    expect(await product.call('stop_run', { run: first.run, reason: 'enough' })).toMatchObject({
      run: first.run,
      state: 'stopped',
    })
    expect(await product.ended(first)).toMatchObject({ state: 'stopped', reason: 'enough' })
  })
})

describe('seeds', () => {
  it('make one child run each, with its seed', async () => {
    product.write('seeded.py', 'import os\nprint(os.environ["SPECWEAVE_SEED"])\n')
    const parent = await product.run(request('seeded.py', { seeds: [1, 2, 3] }))
    expect(parent.state).toBe('succeeded')
    for (const seed of [1, 2, 3])
      expect(await product.call('get_run', { run: `${parent.run}/s${seed}` })).toMatchObject({
        state: 'succeeded',
        logs: { stdout: [String(seed)] },
      })
    // Committed with the increment: a verdict may be about one of them.
    expect(found(product.folder(parent.run), /^\.gitignore$/)).toEqual([])
    expect(await product.run(request('seeded.py', { seeds: [1, 2, 3] }))).toMatchObject({
      run: parent.run,
      reused: true,
    })
  })

  it('all stop with their parent, those that wait in the queue too', async () => {
    product.write('long.py', 'import time\ntime.sleep(60)\n')
    const cpus = { resources: { cpus: 2 } }
    const parent = await product.call('run_experiment', request('long.py', { seeds: [1, 2, 3], ...cpus }))
    expect(await product.call('stop_run', { run: parent.run, reason: 'wrong data' })).toMatchObject({
      state: 'stopped',
    })
    for (const seed of [1, 2, 3])
      expect(await product.ended({ run: `${parent.run}/s${seed}`, state: 'running' })).toMatchObject({
        state: 'stopped',
        reason: 'wrong data',
      })
    expect(await product.call('get_run', { run: parent.run })).toMatchObject({ state: 'stopped' })
  })
})
