import { afterAll, beforeAll, expect, it } from 'vitest'
import { openWorkspace } from '../../src/store/workspace.ts'
import { stepWithoutIncrement } from '../../src/tools/runs/step-without-increment.ts'
import { Product } from './product.ts'

const product = new Product('id: steps\n')
const record = { dataset: 'churn@1', name: 'churn', problem_type: 'classification' } as const
const call = { name: 'churn', source: 'churn.csv', target: 'y', problem_type: 'classification' }
const step = () => stepWithoutIncrement(openWorkspace(product.root), call, record)
const create = (problem_type: string, dataset?: string) =>
  product.call('create_increment', {
    title: `a ${problem_type} model`,
    problem_type,
    ...(dataset ? { dataset } : {}),
  })

beforeAll(async () => {
  await create('regression')
})
afterAll(() => product.dispose())

it('names the increment that waits for such data, where there is just one', async () => {
  expect(step()).toMatchObject({ tool: 'create_increment', arguments: { dataset: 'churn@1' } })
  await create('classification')
  expect(step()).toMatchObject({ tool: 'register_dataset', arguments: { ...call, increment: '0002' } })
  await create('classification')
  expect(step()).toMatchObject({ tool: 'create_increment' })
})
