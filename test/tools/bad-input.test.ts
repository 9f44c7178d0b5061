import { describe, expect, it } from 'vitest'
import { churnProduct, refusesAll, runWith } from './churn-product.ts'

const product = churnProduct()

describe('an id that is unknown is answered with the nearest', () => {
  const typo = '0001/exp-001-forrest'
  const near = /Did you mean 0001\/exp-001-forest\?/
  refusesAll(product, [
    ...['get_run', 'stop_run'].map((tool) => ({
      what: `run, ${tool}`,
      tool,
      args: { run: typo },
      code: 'RUN_UNKNOWN',
      says: near,
    })),
    {
      what: 'run, evaluate_run',
      tool: 'evaluate_run',
      args: { run: typo, split: 'validation' },
      code: 'RUN_UNKNOWN',
      says: near,
    },
    {
      what: 'run, one of several',
      tool: 'get_run',
      args: { run: ['0001/exp-001-forest', typo] },
      code: 'RUN_UNKNOWN',
      says: near,
    },
    {
      what: 'run, compare_runs',
      tool: 'compare_runs',
      args: { runs: [typo] },
      code: 'RUN_UNKNOWN',
      says: near,
    },
    {
      what: 'no run id at all',
      tool: 'get_run',
      args: { run: 'the last one' },
      code: 'RUN_UNKNOWN',
      says: '0042/exp-003-xgboost',
    },
    { what: 'job', tool: 'get_run', args: { run: 'job-999' }, code: 'RUN_UNKNOWN', says: 'list_runs' },
    ...[
      'get_increment',
      'validate_increment',
      'complete_increment',
      'list_runs',
      'compare_runs',
      'sync_docs',
      'run_baselines',
    ].map((tool) => ({
      what: `increment, ${tool}`,
      tool,
      args: { increment: '0001-churn-modle' },
      code: 'INCREMENT_UNKNOWN',
      says: /nearest: 0001-churn-model/,
    })),
    {
      what: 'increment of a run',
      ...runWith({ increment: '0009' }),
      code: 'INCREMENT_UNKNOWN',
      says: '0001',
    },
    {
      what: 'dataset, none registered',
      ...runWith({ dataset: 'churm@1' }),
      code: 'DATASET_UNKNOWN',
      says: 'regist',
    },
    {
      what: 'dataset of a new increment',
      tool: 'create_increment',
      args: { title: 'x', problem_type: 'classification', dataset: 'churn@9' },
      code: 'DATASET_UNKNOWN',
      says: 'register_dataset',
    },
    {
      what: 'metric',
      tool: 'compare_runs',
      args: { increment: '0001', metric: 'acuracy' },
      code: 'INPUT_INVALID',
      says: /No run has a metric/,
    },
    {
      what: 'baseline',
      tool: 'list_runs',
      args: { state: 'runing' },
      code: 'INPUT_INVALID',
      says: 'did you mean "running"?',
    },
    {
      what: 'argument',
      tool: 'list_runs',
      args: { incremnt: '0001' },
      code: 'INPUT_INVALID',
      says: 'did you mean "increment"?',
    },
    {
      what: 'problem type',
      tool: 'create_increment',
      args: { title: 'x', problem_type: 'clasification' },
      code: 'INPUT_INVALID',
      says: 'did you mean "classification"?',
    },
    {
      what: 'condition',
      tool: 'list_runs',
      args: { where: ['fast ones'] },
      code: 'INPUT_INVALID',
      says: 'lr=0.1',
    },
    {
      what: 'cursor',
      tool: 'list_runs',
      args: { cursor: 'abc' },
      code: 'INPUT_INVALID',
      says: 'leave it out',
    },
  ])

  it.each([
    ['specweave://run/0001/exp-001-forrest', 'RUN_UNKNOWN', '0001/exp-001-forest'],
    ['specweave://increment/0009', 'INCREMENT_UNKNOWN', '0001'],
    ['specweave://increment/0001/spec.mm', 'RESOURCE_UNKNOWN', 'specweave://increment/0001/spec.mm'],
    ['specweave://dataset/churn/1', 'DATASET_UNKNOWN', 'churn@1'],
    ['specweave://nonsense/1', 'RESOURCE_UNKNOWN', 'specweave://run/{+run}'],
  ])('resource %s', async (uri, code, says) => {
    const refusal = await product().resourceRefusal(uri)
    expect(refusal.code).toBe(code)
    expect(refusal.message).toContain(says)
  })
})

describe('a name', () => {
  const long = 'n'.repeat(300)
  refusesAll(product, [
    { what: 'slashes', ...runWith({ name: 'a/b' }), code: 'RUN_NAME_INVALID', says: 'letters, digits' },
    {
      what: 'only Unicode',
      ...runWith({ name: '顧客の解約' }),
      code: 'RUN_NAME_INVALID',
      says: 'Latin letter or digit',
    },
    {
      what: 'only signs',
      ...runWith({ name: '!!!' }),
      code: 'RUN_NAME_INVALID',
      says: 'Latin letter or digit',
    },
    { what: '300 characters', ...runWith({ name: long }), code: 'RUN_NAME_INVALID', says: 'at most 200' },
    { what: '301 characters', ...runWith({ name: `${long}n` }), code: 'INPUT_INVALID', says: 'at most 300' },
    { what: 'blank', ...runWith({ name: '   ' }), code: 'RUN_NAME_INVALID', says: 'Latin letter or digit' },
    { what: 'empty', ...runWith({ name: '' }), code: 'INPUT_INVALID', says: 'must not be empty' },
    {
      what: 'a blank title',
      tool: 'create_increment',
      args: { title: '  ', problem_type: 'classification' },
      code: 'INPUT_INVALID',
      says: 'must not be blank',
    },
    {
      what: 'an increment that is there',
      tool: 'create_increment',
      args: { title: 'x', problem_type: 'classification', id: '1' },
      code: 'INCREMENT_EXISTS',
      says: 'next free number is 0002',
    },
  ])

  it('with spaces and accents becomes a folder that every system can hold', async () => {
    const { run: id } = await product().run({
      increment: '0001',
      name: 'Forêt  aléatoire №2',
      command: ['python3', '-c', 'print(2)'],
    })
    expect(id).toMatch(/^0001\/exp-\d{3}-foret-aleatoire-no2$/)
  })

  it('of an increment may hold anything, and its folder is short and plain', async () => {
    const { path } = await product().call('create_increment', {
      title: `Kündigung / 解約 \\ "${'x'.repeat(290)}"`,
      problem_type: 'regression',
    })
    expect(path).toMatch(/^\.specweave\/increments\/0002-kundigung(?:-x{1,50})?$/)
  })
})
