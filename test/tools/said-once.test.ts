import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { NO_LAB, Product } from './product.ts'
import { whoStays } from './who-stays.ts'

const FAILING = `
import specweave
with specweave.track_experiment("failing") as exp:
    exp.log_note("a note of its own")
    {}["nothing"]
`

interface Baselines {
  best?: string
  runs: { run: string; state: string; metrics: { name: string; value: number; ci?: number[] }[] }[]
  next: { why: string }[]
}

describe.skipIf(NO_LAB)(`what an answer says once (${NO_LAB ?? 'with the lab'})`, () => {
  let product: Product
  beforeAll(async () => {
    product = new Product('id: once\ninterpreter: lab\n')
    product.write('failing.py', FAILING)
    product.write('data.csv', whoStays(300))
    await product.call('create_increment', {
      title: 'once',
      problem_type: 'classification',
      success_metrics: ['f1 > 0.6'],
    })
    await product.call('register_dataset', {
      name: 'data',
      source: 'data.csv',
      target: 'stays',
      problem_type: 'classification',
      increment: '0001',
    })
  })
  afterAll(() => product?.dispose())

  it('the best of the baselines is named when all have ended, with six digits of what its files hold', async () => {
    const one = await product.call<Baselines>('run_baselines', { strategies: ['random'], wait_s: 40 })
    await product.ended(one.runs[0]!)
    const begun = await product.call<Baselines>('run_baselines')
    // Two were only queued by this very call.
    expect(begun.runs.map(({ state }) => state)).toContain('succeeded')
    expect(begun).not.toHaveProperty('best')
    expect(begun.next[0]?.why).toContain('when all have ended')
    for (const run of begun.runs) await product.ended(run)
    const { best, runs } = await product.call<Baselines>('run_baselines')
    const named = runs.find(({ run }) => run === best)!
    const whole: { name: string; split?: string; value: number }[] = JSON.parse(
      product.read(`.specweave/increments/0001-once/experiments/${best!.split('/')[1]}/metrics.json`),
    )
    const kept = whole.find(({ name, split }) => name === 'log_loss' && split === 'validation')!.value
    const shown = named.metrics.find(({ name }) => name === 'log_loss')!.value
    expect(String(kept).length).toBeGreaterThan(10)
    expect(shown).toBe(Number(kept.toPrecision(6)))
  })

  it('a traceback stands in the log, and a script that ended in the middle is not taught what it lacks', async () => {
    const failed = await product.run({
      increment: '0001',
      name: 'failing',
      command: ['python', 'failing.py'],
    })
    expect(failed.state).toBe('failed')
    expect(failed.logs.stderr.join('\n')).toContain("KeyError: 'nothing'")
    expect(failed.notes).toEqual(['a note of its own'])
    expect(failed.warnings.join('\n')).not.toContain('no predictions')
    // Without the log it is the note that tells.
    const bare = await product.call('get_run', { run: failed.run, log_lines: 0 })
    expect(bare.logs).toEqual({ stdout: [], stderr: [] })
    expect(bare.notes.join('\n')).toContain("KeyError: 'nothing'")
    const idle = await product.run({ increment: '0001', name: 'idle', command: ['python', '-c', 'pass'] })
    expect(idle.warnings.join('\n')).toContain('no predictions were handed in')
  })
})
