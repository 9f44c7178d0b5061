import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Measurement } from '../../src/core/measurement.ts'
import { leadingFirst } from '../../src/tools/runs/leading-metrics.ts'
import { Product } from './product.ts'

const of = (name: string, split?: Measurement['split'], source: Measurement['source'] = 'measured') =>
  ({ name, source, value: 0.5, ...(split ? { split } : {}) }) satisfies Measurement

describe('the metrics that a line has room for', () => {
  it('are those that the criteria name, in their order, then the others; measured ones and those not of train first', () => {
    const metrics = [
      of('accuracy', 'validation'),
      of('brier', 'validation'),
      of('roc_auc', 'validation'),
      of('f1', 'train'),
      of('f1', 'validation', 'reported'),
      of('loss', undefined, 'reported'),
    ]
    const shown = leadingFirst(metrics, ['f1', 'roc_auc']).map(
      ({ name, split, source }) => `${source} ${name} ${split ?? ''}`,
    )
    expect(shown).toEqual([
      'measured roc_auc validation',
      'measured accuracy validation',
      'measured brier validation',
      'measured f1 train',
      'reported f1 validation',
      'reported loss ',
    ])
    expect(leadingFirst(metrics, [])).toEqual([
      ...metrics.filter(({ name }) => name !== 'f1' && name !== 'loss'),
      ...metrics.slice(3),
    ])
  })
})

describe('list_runs', () => {
  const product = new Product('id: leading\n')
  afterAll(() => product.dispose())
  beforeAll(async () => {
    await product.call('create_increment', {
      title: 'churn',
      problem_type: 'classification',
      success_metrics: ['roc_auc > 0.8'],
    })
    const log = ['a', 'b', 'c', 'd', 'e', 'f', 'roc_auc', 'z']
    product.write('log.csv', `step,${log.join(',')}\n1,${log.map(() => '0.5').join(',')}\n`)
    await product.run({
      increment: '0001',
      name: 'logged',
      command: ['python3', '-c', 'print(1)'],
      metrics_from: [{ path: 'log.csv' }],
    })
  })

  it('shows the metric of the first criterion first, and what it is sorted by before that', async () => {
    const shown = async (sort?: string) =>
      (await product.call('list_runs', sort ? { sort } : {})).runs[0].metrics.map(
        ({ name }: Measurement) => name,
      )
    expect((await shown()).slice(0, 2)).toEqual(['roc_auc', 'a'])
    expect((await shown('-z')).slice(0, 3)).toEqual(['z', 'roc_auc', 'a'])
  })
})
