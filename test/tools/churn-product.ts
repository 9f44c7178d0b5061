import { afterAll, beforeAll, it } from 'vitest'
import { Product } from './product.ts'
import { type Bad, expectRefused } from './refusals.ts'

export const PRINT = ['python3', '-c', 'print(1)']

/** A product with one increment and one run, for all tests of a file. */
export function churnProduct(): () => Product {
  let product: Product
  beforeAll(async () => {
    product = new Product('id: test\n')
    await product.call('create_increment', {
      title: 'churn model',
      problem_type: 'classification',
      success_metrics: ['accuracy > 0.8'],
    })
    await product.run({ increment: '0001', name: 'forest', command: PRINT })
  })
  afterAll(() => product.dispose())
  return () => product
}

/** One test for each entry; all on the same workspace, which none of them may change. */
export function refusesAll(product: () => Product, entries: readonly Bad[]): void {
  it.each(entries)('$what', async (entry) => {
    await expectRefused(product(), entry)
  })
}

/** A request for a run that is right but for what is given. */
export function runWith(args: object): Pick<Bad, 'tool' | 'args'> {
  return { tool: 'run_experiment', args: { increment: '0001', name: 'try', command: PRINT, ...args } }
}
