import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fences, ROOT } from '../docs/pages.ts'
import { NO_LAB, Product } from './product.ts'

const PAGE = 'docs/guides/sdk.md'
const script = fences({ path: PAGE, text: readFileSync(join(ROOT, PAGE), 'utf8') }).find(
  ({ language, text }) => language === 'python' && text.includes('select_dtypes'),
)!.text

describe.skipIf(NO_LAB)('the whole script of the SDK guide', () => {
  let product: Product

  beforeAll(async () => {
    product = new Product('id: guide\ninterpreter: lab\n')
    product.write('churn.csv', readFileSync(join(ROOT, 'examples/churn/churn.csv'), 'utf8'))
    await product.call('create_increment', {
      title: 'churn model',
      problem_type: 'classification',
      success_metrics: ['roc_auc >= 0.5'],
    })
    await product.call('register_dataset', {
      name: 'churn',
      source: 'churn.csv',
      target: 'churn',
      positive: 'yes',
      problem_type: 'classification',
      increment: '0001',
    })
  })
  afterAll(() => product?.dispose())

  const run = (name: string, text: string) => {
    product.write(`${name}.py`, text)
    return product.run({
      increment: '0001',
      name,
      command: ['python', `${name}.py`],
      params: { max_iter: 10 },
    })
  }

  it('has a model that makes its test predictions again, from a part of the columns', async () => {
    const shown = await run('train_sdk', script)
    expect(shown.state, shown.logs.stderr.join('\n')).toBe('succeeded')
    expect(shown.warnings.join()).not.toContain('model_not_reproducible')
    const { warnings } = await product.look(shown.run)
    expect(warnings.join()).not.toContain('model_not_reproducible')
    const { checks } = await product.call('validate_increment', { increment: '0001' })
    expect(checks).toContainEqual(expect.objectContaining({ id: 'candidate.reproduced', status: 'pass' }))
  })

  it('is warned at its end where the model asks for columns that the data does not have', async () => {
    const other = script
      .replaceAll('.features[numbers]', '.features[numbers].add_prefix("my_")')
      .replace('specweave.params(', 'dict(')
    const { warnings } = await run('other', other)
    expect(warnings.join()).toMatch(/model_not_reproducible: the model was fitted on columns that .*\(my_/)
  })
})
