import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Check } from '../../src/core/criterion.ts'
import type { Measurement } from '../../src/core/measurement.ts'
import type { Evidence } from '../../src/evidence/evidence-file.ts'
import { PROGRAM } from '../hosts/mcp-client.ts'
import { found, NO_LAB, Product } from './product.ts'

/** A model that waits so many seconds at each call. */
const TRAIN = `
import sys, time
import specweave
from sklearn.linear_model import LogisticRegression

class Waiting(LogisticRegression):
    def predict(self, X):
        time.sleep(float(self.tol))
        return super().predict(X)

def main():
    ds = specweave.load_dataset()
    model = Waiting(max_iter=500).fit(ds.train.features, ds.train.target)
    exp = specweave.current_run()
    for split in (ds.validation, ds.test):
        exp.save_predictions(split.name, model.predict(split.features), y_score=model.predict_proba(split.features))
    model.tol = sys.argv[1]
    if len(sys.argv) < 3:
        exp.save_model(model)

if __name__ == "__main__":
    main()
`

const ID = 'criterion.latency_p99_ms'

describe.skipIf(NO_LAB)('what a model costs', () => {
  const product = new Product('id: cost\ninterpreter: lab\n')
  const runs: Record<'fast' | 'slow' | 'bare', string> = { fast: '', slow: '', bare: '' }

  /** Two increments: a generous limit, and one that the slow model cannot keep. */
  beforeAll(async () => {
    const rows = Array.from({ length: 600 }, (_, i) => {
      const [x, y] = [(i * 7919) % 101, (i * 104_729) % 53]
      return `c${i},${x},${y},${x + y + ((i * 31) % 23) > 88 ? 'yes' : 'no'}`
    })
    product.write('data/churn.csv', `customer,calls,minutes,churned\n${rows.join('\n')}\n`)
    product.write('train.py', TRAIN)
    for (const [i, limit] of [1000, 10].entries())
      await product.call('create_increment', {
        title: `churn model ${i}`,
        problem_type: 'classification',
        success_metrics: ['accuracy > 0.6'],
        constraints: [`latency_p99_ms < ${limit}`, 'training_time_s < 6000'],
      })
    await product.call('register_dataset', {
      name: 'churn',
      source: 'data/churn.csv',
      target: 'churned',
      problem_type: 'classification',
      id_column: 'customer',
    })
    const train = (increment: string, name: keyof typeof runs, ...args: string[]) =>
      product.run({ increment, name, dataset: 'churn@1', command: ['python', 'train.py', ...args] })
    runs.fast = (await train('0001', 'fast', '0')).run
    runs.bare = (await train('0001', 'bare', '0', 'no model')).run
    runs.slow = (await train('0002', 'slow', '0.012')).run
  })
  afterAll(() => product.dispose())

  const evidence = (run: string): Evidence =>
    JSON.parse(readFileSync(join(product.folder(run), 'evidence.json'), 'utf8'))
  const check = async (increment: string, id = ID): Promise<Check> =>
    (await product.call('validate_increment', { increment })).checks.find((one: Check) => one.id === id)
  const named = (metrics: Measurement[], name: string) => metrics.find((one) => one.name === name)
  const verify = (...args: string[]) =>
    spawnSync(process.execPath, [PROGRAM, 'verify', ...args], {
      cwd: product.root,
      env: product.env,
      encoding: 'utf8',
    })

  it('is missing until it is measured, and the check names the call', async () => {
    expect(await check('0001')).toMatchObject({
      status: 'missing',
      message: expect.stringContaining('which nobody measured of the saved model yet'),
      next: { tool: 'evaluate_run', arguments: { run: runs.fast, split: 'cost' } },
    })
  })

  it('is measured on request, and fails the limit of a slow model', async () => {
    const measured = await product.call('evaluate_run', { run: runs.slow, split: 'cost' })
    if (measured.job) await product.ended({ run: measured.job, state: measured.state })
    else {
      expect(measured).not.toHaveProperty('look')
      expect(measured.next[0]).toMatchObject({ tool: 'validate_increment' })
      const p99 = named(measured.metrics, 'latency_p99_ms')
      expect(p99).toMatchObject({ source: 'measured', value: expect.any(Number) })
      for (const member of ['split', 'grade']) expect(p99).not.toHaveProperty(member)
    }
    const failed = await check('0002')
    // Beside other work, which can be that of other tests, nothing is decided.
    expect(failed).toMatchObject(
      failed.message.includes('it decides nothing')
        ? { status: 'missing', next: { tool: 'evaluate_run', arguments: { split: 'cost' } } }
        : { status: 'fail', next: { tool: 'compare_runs' } },
    )
    expect(failed.message).toMatch(/latency_p99_ms < 10: measured \d\d+.*; measured on this machine: /)
    expect(failed.message).not.toMatch(/open|sealed/)
  })

  it('is measured at the look where a criterion asks for it, and passes', async () => {
    const look = await product.call('evaluate_run', { run: runs.fast, split: 'test' })
    expect(look).toMatchObject({
      look: { used: 1 },
      cost: { request: 'one row', machine: expect.any(String) },
    })
    expect(await check('0001')).toMatchObject({ status: 'pass' })
  })

  it('stands in evidence.json, metrics.json and get_run, and the look again leaves it as it is', async () => {
    const { cost } = evidence(runs.fast)
    expect(cost).toMatchObject({
      measurement: 1,
      split: 'validation',
      unit: 'row',
      model: { path: 'model.joblib', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
      machine: { cores: expect.any(Number), threads: { OMP_NUM_THREADS: '1' } },
    })
    const size = named(cost?.metrics as never, 'model_size_bytes')?.value
    const shown = await product.call('get_run', { run: runs.fast })
    const inFile: Measurement[] = JSON.parse(
      readFileSync(join(product.folder(runs.fast), 'metrics.json'), 'utf8'),
    )
    for (const metrics of [shown.metrics, inFile])
      expect(named(metrics, 'model_size_bytes')).toEqual({
        name: 'model_size_bytes',
        source: 'measured',
        value: size,
      })
    const again = await product.call('evaluate_run', { run: runs.fast, split: 'test' })
    expect(again).toMatchObject({ repeated: true, cost: { request: 'one row' } })
    expect(named(again.metrics, 'model_size_bytes')?.value).toBe(size)
    // Predictions that are scored for another split leave it, too.
    await product.call('evaluate_run', { run: runs.slow, split: 'test' })
    for (const run of [runs.fast, runs.slow])
      expect(evidence(run)).toMatchObject({ cost: { measurement: 1 }, splits: { test: expect.anything() } })
  })

  it('is what runs are compared by', async () => {
    const compared = await product.call('compare_runs', {
      runs: [runs.slow, runs.fast, runs.bare],
      metric: 'latency_p50_ms',
    })
    expect(compared).toMatchObject({ direction: 'minimize', best: runs.fast, differences: [] })
    expect(compared.rows.map(({ run }: { run: string }) => run)).toEqual([runs.fast, runs.slow])
  })

  it('keeps each measurement, of which the middle one counts and not the last', async () => {
    const first = evidence(runs.fast).cost
    const again = await product.call('evaluate_run', { run: runs.fast, split: 'cost' })
    if (again.job) await product.ended({ run: again.job, state: again.state })
    const { cost } = evidence(runs.fast)
    expect(cost?.measurement).toBe(2)
    const measurements = cost?.measurements ?? []
    expect(measurements[0]).toEqual(first?.measurements?.[0])
    const ledger = found(join(product.root, '.specweave/ledger'), /\.jsonl$/)
      .flatMap((file) => readFileSync(file, 'utf8').trim().split('\n'))
      .map((line) => JSON.parse(line))
      .filter(({ event, data }) => event === 'evidence.recorded' && data.run === runs.fast && data.cost)
    expect(ledger.map(({ data }) => data.cost_measured)).toEqual(measurements)
    const idle = measurements.filter((one) => one.longer_at_most === null)
    const values = (idle.length > 0 ? idle : measurements).map(
      ({ metrics }) => metrics.find(({ name }) => name === 'latency_p99_ms')?.value,
    )
    const counts = Math.max(...(values as number[]))
    expect(cost?.metrics.find(({ name }) => name === 'latency_p99_ms')?.value).toBe(counts)
    const { metrics } = await product.call('get_run', { run: runs.fast })
    expect(named(metrics, 'latency_p99_ms')).toMatchObject({
      value: Number(counts.toPrecision(6)),
      repeated: expect.stringMatching(/^measured 2 times: [\d.]+.*, [\d.]+/),
    })
    expect((await check('0001')).message).toContain('measured 2 times: ')
    expect(verify().stdout).toMatch(
      /latency_p99_ms \S+ \(asked < 1000; measured 2 times: .*; not recomputed\)/,
    )
  })

  it('says why there is no figure, also where it was only asked after', async () => {
    const { run } = await product.run({
      increment: '0002',
      name: 'broken',
      dataset: 'churn@1',
      command: ['python', 'train.py', 'never'],
    })
    const said = /not measured: .*latency_p99_ms.*: .*could not convert string to float: 'never'/
    const measured = await product.call('evaluate_run', { run, split: 'cost' })
    expect(measured.warnings.join('\n')).toMatch(said)
    const shown = await product.call('get_run', { run })
    expect(shown.warnings.join('\n')).toMatch(new RegExp(`cost of its model: ${said.source}`))
  })

  it('is refused of a run that saved no model', async () => {
    expect(await product.refusal('evaluate_run', { run: runs.bare, split: 'cost' })).toMatchObject({
      code: 'MODEL_MISSING',
      message: expect.stringContaining('exp.save_model(model)'),
    })
  })

  it('that was typed is noticed', async () => {
    const file = join(product.folder(runs.slow), 'evidence.json')
    const before = readFileSync(file, 'utf8')
    expect(verify()).toMatchObject({ status: 0, stderr: '' })
    const typed = evidence(runs.slow)
    for (const metric of typed.cost?.metrics ?? []) if (metric.name === 'latency_p99_ms') metric.value = 1
    writeFileSync(file, JSON.stringify(typed))
    expect(await check('0002')).toMatchObject({ status: 'missing', next: { tool: 'evaluate_run' } })
    expect(await check('0002', 'evidence.intact')).toMatchObject({
      status: 'fail',
      message: expect.stringContaining(`${runs.slow} (cost)`),
      next: { arguments: { run: runs.slow, split: 'cost' } },
    })
    expect(verify().stderr).toContain('its numbers are not those that the ledger holds')
    writeFileSync(file, before)
    expect(await check('0002', 'evidence.intact')).toMatchObject({ status: 'pass' })
  })

  it('is left out of what is recomputed, in words', () => {
    const { status, stdout, stderr } = verify('--recompute')
    expect([status, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(
      /Not recomputed: what models cost \(0001\/\S+, 0002\/\S+, 0002\/\S+\): a time belongs/,
    )
  })
})
