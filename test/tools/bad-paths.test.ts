import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { churnProduct, PRINT, refusesAll, runWith } from './churn-product.ts'
import { Product } from './product.ts'
import { expectRefused } from './refusals.ts'

const product = churnProduct()

describe('a path does not lead out of where it belongs', () => {
  const climbing = ['../evil', '..', 'a/../../b', '/etc/cron.d/x', 'a\\..\\b', '../../../../tmp/x']
  refusesAll(product, [
    ...climbing.map((name) => ({
      what: `experiment named ${name}`,
      ...runWith({ name }),
      code: 'RUN_NAME_INVALID',
      says: 'letters, digits',
    })),
    {
      what: 'second of two experiments, of which the first is fine',
      tool: 'run_experiment',
      args: {
        increment: '0001',
        experiments: [
          { name: 'fine', command: ['python3', '-c', 'print(3)'] },
          { name: '../b', command: PRINT },
        ],
      },
      code: 'RUN_NAME_INVALID',
      says: 'letters, digits',
    },
    ...['../../evil', '/etc', 'a/b'].map((slug) => ({
      what: `slug ${slug}`,
      tool: 'create_increment',
      args: { title: 'x', problem_type: 'classification', slug },
      code: 'INPUT_INVALID',
      says: 'lower-case words',
    })),
    {
      what: 'increment id',
      tool: 'create_increment',
      args: { title: 'x', problem_type: 'classification', id: '../0009' },
      code: 'INPUT_INVALID',
      says: '0042',
    },
    {
      what: 'increment that is looked up',
      tool: 'get_increment',
      args: { increment: '../../0001-churn-model' },
      code: 'INCREMENT_UNKNOWN',
      says: '0001-churn-model',
    },
    ...['../../etc@1', '..@1', 'churn/../../x@1'].map((dataset) => ({
      what: `dataset ${dataset}`,
      ...runWith({ dataset }),
      code: 'DATASET_UNKNOWN',
      says: 'unknown',
    })),
    {
      what: 'dataset name',
      tool: 'register_dataset',
      args: { name: '../churn', source: 'x.csv', target: 'y', problem_type: 'classification' },
      code: 'FILE_MISSING',
      says: 'x.csv',
    },
    {
      what: 'source, relative',
      tool: 'register_dataset',
      args: { name: 'churn', source: '../../etc/passwd', target: 'y', problem_type: 'classification' },
      code: 'PATH_OUTSIDE_WORKSPACE',
      says: 'give the absolute path',
    },
    {
      what: 'run id',
      tool: 'get_run',
      args: { run: '0001/../../../ml.yaml' },
      code: 'RUN_UNKNOWN',
      says: '0042/exp-003-xgboost',
    },
    ...['..', '/etc', 'a/../../..', '~/../..'].map((cwd) => ({
      what: `working folder ${cwd}`,
      ...runWith({ cwd }),
      code: 'PATH_OUTSIDE_WORKSPACE',
      says: 'must lie inside the workspace',
    })),
    {
      what: 'working folder that is missing',
      ...runWith({ cwd: 'nowhere' }),
      code: 'COMMAND_INVALID',
      says: 'must be a folder in the workspace',
    },
    ...['../../../etc/passwd', '/etc/passwd'].map((path) => ({
      what: `metrics_from ${path}`,
      ...runWith({ metrics_from: [{ path }] }),
      code: 'PATH_OUTSIDE_WORKSPACE',
      says: 'must lie inside the workspace',
    })),
  ])

  it('working folder that is a link to the outside', async () => {
    symlinkSync('/etc', join(product().root, 'link'))
    await expectRefused(product(), {
      ...runWith({ cwd: 'link' }),
      code: 'PATH_OUTSIDE_WORKSPACE',
      says: 'must lie inside',
    })
  })

  // src/runs/submit.ts checks no path that holds a {name}; src/runs/metrics-from.ts follows it anywhere.
  it('metrics_from that climbs out of {run_dir}', () =>
    expectRefused(product(), {
      ...runWith({ metrics_from: [{ path: '{run_dir}/../../../../../../secret.csv' }] }),
      code: 'PATH_OUTSIDE_WORKSPACE',
      says: 'must lie inside',
    }))

  it.each([
    'specweave://increment/0001/..%2f..%2fml.yaml',
    'specweave://increment/0001/../../ml.yaml',
    'specweave://increment/..%2f..',
    'specweave://docs/..%2f..%2fml.yaml',
    'specweave://docs/%2e%2e/%2e%2e/ml.yaml',
    'specweave://run/0001/..%2f..%2f..',
    'specweave://run/0001/exp-001-forest/..%2f..%2fspec.md/log/stdout',
    'specweave://dataset/..%2f..%2fetc/1',
    'specweave://increment/0001/scripts%5c..%5c..%5cml.yaml',
  ])('resource %s', async (uri) => {
    const refusal = await product().resourceRefusal(uri)
    expect(refusal.code).toMatch(/^(?:PATH_OUTSIDE_WORKSPACE|\w+_UNKNOWN)$/)
    expect(JSON.stringify(refusal)).not.toContain('id: test')
  })

  it('an artifact that a script declares outside of its run is not taken along', async () => {
    const other = new Product('id: test\n')
    try {
      await other.call('create_increment', { title: 'churn', problem_type: 'classification' })
      other.write('secret.pkl', 'secret')
      const { run: id } = await other.run({ increment: '0001', name: 'a', command: PRINT })
      const line = { k: 'model', n: '../../../../../secret.pkl', format: 'joblib', t: 1 }
      other.write(
        join(other.folder(id).slice(other.root.length), 'events/h-1-a.jsonl'),
        `${JSON.stringify(line)}\n`,
      )
      const refusal = await other.refusal('evaluate_run', { run: id, split: 'test' })
      expect(refusal.code).toBe('DATASET_UNKNOWN')
      await other.call('complete_increment', { increment: '0001', outcome: 'not_passed', reason: 'x' })
      expect(
        Object.keys(other.tree()).filter((path) => path.includes('/models/') && path.endsWith('.pkl')),
      ).toEqual([])
    } finally {
      await other.dispose()
    }
  })
})
