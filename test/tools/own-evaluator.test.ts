import { spawnSync } from 'node:child_process'
import { appendFileSync, cpSync, existsSync, readdirSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PROGRAM } from '../hosts/mcp-client.ts'
import { git } from './git.ts'
import { NO_LAB, Product } from './product.ts'

/** A letter costs 10 and keeps a customer who would have left, who is worth 100. */
const PROFIT = `
def _rows(truth, predictions):
    said, left = predictions["prediction"] == "yes", truth["churn"] == "yes"
    return said, left

def evaluate(truth, predictions):
    said, left = _rows(truth, predictions)
    return {"profit": float(100 * (said & left).mean() - 10 * said.mean()), "forgone": float((left & ~said).mean())}

def losses(truth, predictions):
    said, left = _rows(truth, predictions)
    return {"profit": 100.0 * (said & left) - 10.0 * said}
`
const METRICS = { profit: 'maximize', forgone: 'minimize' }
const FROZEN = '.specweave/datasets/churn/v1/evaluator.py'

interface ShownCheck {
  id: string
  status: string
  message: string
}

describe.skipIf(NO_LAB)('an evaluator of the user', () => {
  let product: Product
  let candidate: string
  let other: string
  const data = {
    name: 'churn',
    source: 'churn/churn.csv',
    target: 'churn',
    problem_type: 'classification',
    evaluator: { path: 'scripts/profit.py', metrics: METRICS },
  }
  const verify = (...args: string[]) =>
    spawnSync(process.execPath, [PROGRAM, 'verify', ...args], {
      cwd: product.root,
      env: product.env,
      encoding: 'utf8',
    })
  const ledger = () => {
    const [file = ''] = readdirSync(join(product.root, '.specweave/ledger')).filter((name) =>
      name.endsWith('.jsonl'),
    )
    return `.specweave/ledger/${file}`
  }
  const checks = async (): Promise<ShownCheck[]> =>
    (await product.call('validate_increment', { increment: '0001' })).checks
  const check = async (id: string) => (await checks()).find((one) => one.id === id)

  beforeAll(async () => {
    product = new Product()
    cpSync(resolve(import.meta.dirname, '../../examples/churn'), join(product.root, 'churn'), {
      recursive: true,
    })
    git(product.root, 'init', '-q')
    product.write('scripts/profit.py', PROFIT)
  })
  afterAll(() => product?.dispose())

  it('is admitted, frozen, and measured beside the metrics of the lab', async () => {
    const created = await product.call('create_increment', {
      title: 'build a churn model',
      problem_type: 'classification',
      success_metrics: ['profit > 4', 'forgone < 0.09', 'accuracy >= 80%'],
      baseline_lift: 0.1,
    })
    expect(JSON.stringify(created)).toContain('registered with an evaluator for it')
    if (!product.read('.specweave/ml.yaml').includes('interpreter: lab'))
      appendFileSync(join(product.root, '.specweave/ml.yaml'), 'interpreter: lab\n')
    const { dataset } = await product.call('register_dataset', { ...data, increment: '0001' })
    expect(dataset).toBe('churn@1')
    expect(product.read(FROZEN)).toBe(PROFIT)

    product.write(
      'scripts/profit.py',
      `${PROFIT}\n# Edited: another evaluator, and no longer this version's.\n`,
    )
    const { run } = await product.run({
      increment: '0001',
      name: 'boosting',
      command: ['python', 'churn/train_boosting.py'],
    })
    candidate = run
    const shown = await product.call('evaluate_run', { run, split: 'validation' })
    const profit = shown.metrics.find(({ name }: { name: string }) => name === 'profit')
    expect(profit).toMatchObject({ source: 'measured', grade: 'open', split: 'validation' })
    expect(profit.ci[0]).toBeLessThan(profit.value)
    expect(profit.ci[1]).toBeGreaterThan(profit.value)
    expect(shown.metrics.some(({ name }: { name: string }) => name === 'accuracy')).toBe(true)
  })

  it('is compared as any other metric, and read by the gate after one look', async () => {
    const { run } = await product.run({
      increment: '0001',
      name: 'logistic',
      command: ['python', 'churn/train_logistic.py'],
    })
    other = run
    for (const metric of ['profit', 'forgone']) {
      const { direction, differences } = await product.call('compare_runs', { increment: '0001', metric })
      expect(direction).toBe(METRICS[metric as 'profit'])
      expect(differences).toMatchObject([{ a: other, b: candidate, verdict: 'worse' }])
    }
    await product.call('evaluate_run', { run: candidate, split: 'test' })
    await product.settled()
    const found = await checks()
    const of = (id: string) => found.find((one) => one.id === id)
    for (const metric of ['profit', 'forgone']) {
      const { status, message } = of(`criterion.${metric}.test`) ?? {}
      expect([status, message]).toEqual([
        'pass',
        expect.stringMatching(/measured [\d.]+, 95 % interval [\d.]+ to [\d.]+ \(sealed\)/),
      ])
    }
    expect(of('evaluator.own')).toMatchObject({ status: 'pass' })
    expect(of('evaluator.controls')?.message).toContain('forgone')
    expect(verify().status).toBe(0)
  })

  it('asks for criteria that read its metrics the right way round', async () => {
    const [folder = ''] = readdirSync(join(product.root, '.specweave/increments'))
    const spec = `.specweave/increments/${folder}/spec.md`
    const text = product.read(spec)
    product.write(
      spec,
      text.replace(/(metric: profit\n\s+op: )">"/, '$1"<"').replace(/(metric: profit, op: )">"/, '$1"<"'),
    )
    expect(product.read(spec)).not.toBe(text)
    expect((await check('evaluator.own'))?.message).toContain('"profit < 4" would pass the worse model')
    product.write(spec, text)
  })

  it('is missed where its frozen text was edited: by the next measurement, the gate and verify', async () => {
    product.write(FROZEN, PROFIT.replace('100 *', '1000 *'))
    const looks = () => product.read(ledger()).split('"look.taken"').length
    const before = looks()
    const refused = await product.refusal('evaluate_run', { run: other, split: 'test' })
    expect(looks(), 'no look is lost by it').toBe(before)
    expect(refused).toMatchObject({ code: 'DATASET_INVALID' })
    expect(refused.message).toContain('evaluator.py of churn@1 was changed')
    expect(await check('evaluator.own')).toMatchObject({ status: 'fail' })
    const { status, stderr } = verify()
    expect(status).not.toBe(0)
    expect(stderr).toContain('evaluator.py of churn@1 was changed')
    product.write(FROZEN, PROFIT)
    const restored = verify()
    expect(restored.status).toBe(0)
    expect(restored.stdout).toMatch(/evaluator.py of churn@1 was seen changed at .*; now it is as registered/)
  })

  it('is recomputed from its frozen text, also where the labels have to be made again', async () => {
    git(product.root, 'add', '-A')
    git(product.root, 'commit', '-qm', 'all')
    // As on another machine: the version is registered again, aside, with the evaluator that is frozen.
    rmSync(join(product.state, 'vault'), { recursive: true })
    const { status, stdout, stderr } = verify('--recompute')
    expect(stderr).toBe('')
    expect(status).toBe(0)
    expect(stdout).toContain('churn@1: labels made again from churn/churn.csv')
    expect(stdout).toContain('Proven')
  })

  it('is another version when its text is another, and refused where it fails its controls', async () => {
    const { dataset } = await product.call('register_dataset', data)
    expect(dataset).toBe('churn@2')
    product.write(
      'scripts/blind.py',
      'def evaluate(truth, predictions):\n    return {"share": float((truth["churn"] == "yes").mean())}\n',
    )
    const blind = { ...data, evaluator: { path: 'scripts/blind.py', metrics: { share: 'maximize' } } }
    const refused = await product.refusal('register_dataset', blind)
    expect(refused.code).toBe('DATASET_INVALID')
    expect(refused.message).toContain('it must prefer the truth')
    expect(existsSync(join(product.root, '.specweave/datasets/churn/v3'))).toBe(false)
  })

  it.each([
    [{ accuracy: 'maximize' }, 'is a metric of the lab'],
    [{ 'Net Profit': 'maximize' }, 'would be read as net_profit'],
    [{ profit_error: 'maximize' }, 'sounds as if it were to be minimized'],
    [{ acuracy: 'maximize' }, 'too near to accuracy'],
    [{}, 'names none'],
  ])('is refused with metrics %o', async (metrics, said) => {
    const evaluator = { path: 'scripts/profit.py', metrics }
    const refused = await product.refusal('register_dataset', { ...data, evaluator })
    expect(refused).toMatchObject({ code: 'INPUT_INVALID' })
    expect(refused.message).toContain(said)
  })

  it('is refused with a secret in it, or from outside the workspace', async () => {
    product.write('scripts/leaky.py', `API_KEY = "sk-${'a1B2'.repeat(8)}"\n${PROFIT}`)
    const from = (path: string) =>
      product.refusal('register_dataset', { ...data, evaluator: { ...data.evaluator, path } })
    expect((await from('scripts/leaky.py')).message).toContain('looks like a secret')
    expect((await from('../profit.py')).code).toBe('PATH_OUTSIDE_WORKSPACE')
    expect((await from('scripts/none.py')).code).toBe('FILE_MISSING')
  })
})
