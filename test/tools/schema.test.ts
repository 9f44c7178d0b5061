import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { NO_LAB, Product } from './product.ts'

const INCREMENT = '.specweave/increments/0001-churn-model'
const CHURN = {
  name: 'churn',
  target: 'churned',
  problem_type: 'classification',
  id_column: 'customer',
  increment: '0001',
}

/** Rows by number: `change` may break one. */
function rows(change: (row: string, i: number) => string = (row) => row): string {
  const lines = Array.from({ length: 300 }, (_, i) =>
    change(`c${i},p${i}@example.org,${(i * 37) % 90},${(i * 7919) % 11 > 4 ? 'yes' : 'no'}`, i),
  )
  return `customer,mail,calls,churned\n${lines.join('\n')}\n`
}

describe.skipIf(NO_LAB)('schema and sample', () => {
  let product: Product
  beforeAll(async () => {
    product = new Product('id: schema\n')
    product.write('data/churn.csv', rows())
    await product.call('create_increment', {
      title: 'churn model',
      problem_type: 'classification',
      success_metrics: ['accuracy > 0.8'],
    })
  })
  afterAll(() => product.dispose())

  it('are written into the increment', async () => {
    const { changed } = await product.call('register_dataset', { ...CHURN, source: 'data/churn.csv' })
    expect(changed).toContain(`${INCREMENT}/data/schema.yaml`)
    expect(changed).toContain(`${INCREMENT}/data/sample.csv`)
    const schema = product.read(`${INCREMENT}/data/schema.yaml`)
    expect(schema).toContain('schema_type: dataframe')
    expect(schema).toMatch(
      /churned:\n {4}description: "target.*\n {4}dtype: str\n {4}nullable: false\n {4}checks:\n {6}isin:\n {8}- "no"/,
    )
    const [header, ...sample] = product.read(`${INCREMENT}/data/sample.csv`).trim().split('\n')
    expect(header).toBe('customer,mail,calls,churned')
    expect(sample).toHaveLength(20)
    expect(sample.join()).not.toMatch(/example|c\d/)
  })

  it('the schema holds for the data that it came from, and an edited one is kept', async () => {
    const path = `${INCREMENT}/data/schema.yaml`
    const again = await product.call('register_dataset', { ...CHURN, source: 'data/churn.csv', schema: path })
    expect(again).toMatchObject({ dataset: 'churn@1', reused: true, changed: [] })
    product.write(path, product.read(path).replace('dtype: float64', 'dtype: int64\n    less_than: 90'))
    const edited = product.read(path)
    await product.call('register_dataset', { ...CHURN, source: 'data/churn.csv', schema: path })
    expect(product.read(path)).toBe(edited)
  })

  it('rows that break it are refused by name, and nothing is written', async () => {
    product.write(
      'data/later.csv',
      rows((row, i) => (i === 7 || i === 200 ? row.replace(/,\d+,/, ',90,') : row)),
    )
    const before = product.tree()
    const refused = await product.refusal('register_dataset', {
      ...CHURN,
      source: 'data/later.csv',
      schema: `${INCREMENT}/data/schema.yaml`,
    })
    expect(refused.code).toBe('DATASET_INVALID')
    expect(refused.message).toContain('"calls": 2 rows break less_than 90: row 8 ("90"), row 201 ("90")')
    expect(refused.invalid[0]?.field).toBe('schema.columns.calls')
    expect(product.tree()).toEqual(before)
  })

  it('one that is missing or outside is refused', async () => {
    const ask = (schema: string) =>
      product.refusal('register_dataset', { ...CHURN, source: 'data/churn.csv', schema })
    expect((await ask('data/none.yaml')).code).toBe('FILE_MISSING')
    expect((await ask('../none.yaml')).code).toBe('PATH_OUTSIDE_WORKSPACE')
    expect((await ask('data/churn.csv')).code).toBe('INPUT_INVALID')
  })

  it('JSON Lines with a gap are registered and described', async () => {
    const lines = Array.from({ length: 200 }, (_, i) =>
      JSON.stringify({ step: i, x: i % 7, y: (i * 31) % 17 }),
    )
    product.write('data/steps.jsonl', lines.join('\n'))
    const registered = await product.call('register_dataset', {
      name: 'steps',
      source: 'data/steps.jsonl',
      target: 'y',
      problem_type: 'time_series',
      split: { time_column: 'step', gap: 5 },
    })
    expect(registered.warnings.join()).toContain('10 rows lie in the gap of 5')
    const record = JSON.parse(product.read('.specweave/datasets/steps/v1/dataset.json'))
    expect(record.source.format).toBe('jsonl')
    expect(record.split).toMatchObject({ gap: '5', gap_us: 5_000_000, left_out: 10 })
    expect(record.folds).toEqual({ method: 'time', column: 'step', gap_us: 5_000_000 })
  })
})
