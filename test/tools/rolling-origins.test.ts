import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { NO_LAB, Product, type ShownRun } from './product.ts'

/** The last value of each series, and a number beside it, as a forecast of each origin's horizon. */
const TRAIN = `
import sys
import specweave

ds = specweave.load_dataset()
predicted = []
for fold in ds.folds(4):
    assert len(set(fold.validation.frame["week"])) == 3, "the horizon"
    assert fold.train.frame["week"].max() < fold.validation.frame["week"].min(), "the past alone"
    last = fold.train.frame.sort_values("week").groupby("shop")["sold"].last()
    predicted.append(fold.validation.frame["shop"].map(last) + float(sys.argv[1]))
specweave.current_run().save_predictions("folds", predicted)
`

describe.skipIf(NO_LAB)('rolling origins of a series', () => {
  let product: Product
  beforeAll(async () => {
    product = new Product('id: origins\ninterpreter: lab\n')
    const rows = Array.from({ length: 120 }, (_, i) => {
      const week = Math.floor(i / 2)
      return `${week},${i % 2 ? 'north' : 'south'},${40 + week + ((week * 7) % 5) + (i % 2) * 30}`
    })
    product.write('data/sold.csv', `week,shop,sold\n${rows.join('\n')}\n`)
    product.write('train.py', TRAIN)
    await product.call('create_increment', {
      title: 'sales forecast',
      problem_type: 'time_series',
      success_metrics: ['mase < 1'],
    })
    await product.call('register_dataset', {
      name: 'sold',
      source: 'data/sold.csv',
      target: 'sold',
      problem_type: 'time_series',
      split: { time_column: 'week', group_column: 'shop', horizon: 3, gap: 1 },
      increment: '0001',
    })
  })
  afterAll(() => product.dispose())

  it('are measured by origin and compared on them', async () => {
    const run = (name: string, beside: string): Promise<ShownRun> =>
      product.run({ increment: '0001', name, command: ['python', 'train.py', beside] })
    const good = await run('good', '2')
    const poor = await run('poor', '-40')
    expect(good, JSON.stringify(good.warnings)).toMatchObject({ state: 'succeeded' })
    expect(good.metrics.find(({ name, split }) => name === 'mase' && split === 'folds')).toMatchObject({
      source: 'measured',
      ci: expect.any(Array),
    })
    const compared = await product.call('compare_runs', { increment: '0001', split: 'folds', metric: 'mase' })
    expect(compared.best).toBe(good.run)
    expect(compared.differences).toMatchObject([{ a: poor.run, b: good.run, verdict: 'worse' }])
  })

  it('of several series in one file are refused until these are named, with the call that names them', async () => {
    const call = {
      name: 'sold',
      source: 'data/sold.csv',
      target: 'sold',
      problem_type: 'time_series',
      split: { time_column: 'week', horizon: 3 },
      increment: '0001',
    }
    const refused = await product.refusal('register_dataset', call)
    expect(refused).toMatchObject({
      code: 'DATASET_INVALID',
      message: expect.stringMatching(
        /^120 of 120 rows have the "week" of another row.*"shop" tells them apart/,
      ),
      next: [
        {
          tool: 'register_dataset',
          arguments: { ...call, split: { ...call.split, group_column: 'shop' } },
        },
      ],
    })
    const [next] = refused.next as { arguments: object }[]
    expect(await product.call('register_dataset', next!.arguments)).toMatchObject({ dataset: 'sold@2' })
  })

  it('of which too few fit in train are refused', async () => {
    const refused = await product.refusal('register_dataset', {
      name: 'long',
      source: 'data/sold.csv',
      target: 'sold',
      problem_type: 'time_series',
      split: { time_column: 'week', group_column: 'shop', horizon: 30 },
    })
    expect(refused).toMatchObject({ code: 'DATASET_INVALID', message: expect.stringMatching(/at most \d+/) })
    const random = await product.refusal('register_dataset', {
      name: 'random',
      source: 'data/sold.csv',
      target: 'sold',
      problem_type: 'regression',
      split: { method: 'random', horizon: 3 },
    })
    expect(random).toMatchObject({
      code: 'INPUT_INVALID',
      message: expect.stringContaining('folds in time'),
    })
  })
})
