import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { NO_LAB, Product } from './product.ts'

const PYTHON = process.env.SPECWEAVE_TEST_PYTHON ?? 'python3'

/** A rule on x whose bar, and how blurred it sees x, its seed chooses: `blur` makes it worse whatever the seed. */
const SCRIPT = `
import csv, json, os, random
params = json.load(open(os.environ['SPECWEAVE_PARAMS']))
seed = int(os.environ.get('SPECWEAVE_SEED') or 0)
draw = random.Random(seed * 7919 + int(10 * params['blur']))
if params.get('breaks') and seed == 2: raise SystemExit(1)
bar = draw.gauss(0, 0.15)
for split in ('validation', 'test'):
    rows = list(csv.DictReader(open(os.environ['SPECWEAVE_' + split.upper()])))
    with open(os.path.join(os.environ['SPECWEAVE_RUN_DIR'], 'predictions', split + '.csv'), 'w') as out:
        print('row_id,prediction', file=out)
        for row in rows:
            seen = float(row['x']) + draw.gauss(0, params['blur'])
            print(row['row_id'], 'yes' if seen > bar else 'no', sep=',', file=out)
`

function data(): string {
  let state = 12345
  const random = () => {
    state = (state * 1103515245 + 12345) % 2 ** 31
    return state / 2 ** 31
  }
  const rows = Array.from({ length: 1500 }, () => {
    const x = 4 * random() - 2
    return `${x.toFixed(4)},${x + 2 * random() - 1 > 0 ? 'yes' : 'no'}`
  })
  return `x,answer\n${rows.join('\n')}\n`
}

describe.skipIf(NO_LAB)('experiments of several seeds', () => {
  let product: Product
  const command = ['python', 'rule.py']
  const compared = (more: object = {}) =>
    product.call('compare_runs', { increment: '0001', metric: 'accuracy', ...more })
  const seeded = async (name: string, params: object, seeds?: number[]) => {
    const view = await product.call('run_experiment', {
      increment: '0001',
      name,
      command,
      params,
      ...(seeds ? { seeds } : {}),
      wait_s: 40,
    })
    return product.ended(view)
  }

  beforeAll(async () => {
    product = new Product(`id: seeds\ninterpreter: ${PYTHON}\n`)
    product.write('data.csv', data())
    product.write('rule.py', SCRIPT)
    await product.call('create_increment', {
      title: 'tell seeds from learners',
      problem_type: 'classification',
      success_metrics: ['accuracy >= 0.6'],
    })
    await product.call('register_dataset', {
      name: 'rows',
      source: 'data.csv',
      target: 'answer',
      problem_type: 'classification',
      split: { validation: 0.4 },
      increment: '0001',
    })
    await seeded('alone', { blur: 0.2 })
  })
  afterAll(() => product?.dispose())

  it('are not spoken of where no experiment has several', async () => {
    expect(await compared()).not.toHaveProperty('over_seeds')
  })

  it('are told from one that has a single seed, and more are asked of that', async () => {
    await seeded('sharp', { blur: 0.1 }, [1, 2, 3, 4])
    const { over_seeds, next } = await compared()
    expect(over_seeds.differences).toEqual([])
    expect(over_seeds.experiments).toEqual([
      {
        experiment: '0001/exp-002-sharp',
        seeds: 4,
        mean: expect.any(Number),
        spread: expect.any(Number),
      },
    ])
    expect(over_seeds.notes.join(' ')).toMatch(/0001\/exp-001-alone: one seed, so nothing tells/)
    expect(next[0]).toMatchObject({
      tool: 'run_experiment',
      arguments: { name: 'alone', command, params: { blur: 0.2 }, seeds: [1, 2, 3, 4, 5] },
    })
  })

  it('are compared by their means, those that stand further down too', async () => {
    await seeded('equal', { blur: 0.11 }, [1, 2, 3, 4])
    await seeded('blurred', { blur: 2.5, breaks: true }, [1, 2, 3, 4])
    const { over_seeds, family } = await compared({ limit: 100 })
    const { reference, experiments, differences, notes } = over_seeds
    const counts = experiments.map(({ seeds }: { seeds: number }) => seeds).sort()
    expect(counts, JSON.stringify(over_seeds)).toEqual([3, 4, 4])
    const of = (name: string) =>
      experiments.find(({ experiment }: { experiment: string }) => experiment.endsWith(name))
    const runs = [1, 2, 3, 4].map((seed) => `0001/exp-002-sharp/s${seed}`)
    const values = runs.map(
      (run) =>
        JSON.parse(
          readFileSync(join(product.folder(run), 'evidence.json'), 'utf8'),
        ).splits.validation.metrics.find(({ name }: { name: string }) => name === 'accuracy').value,
    )
    expect(of('sharp').mean).toBeCloseTo(values.reduce((sum, one) => sum + one, 0) / 4, 10)
    expect(reference).not.toContain('blurred')
    const worst = differences.find(({ a }: { a: string }) => a.endsWith('blurred'))
    expect(worst).toMatchObject({ verdict: 'worse', by_luck: false, wins: 0, b: reference })
    expect(worst.words).toMatch(/more than a seed’s luck/)
    const same = differences.find(({ a }: { a: string }) => !a.endsWith('blurred'))
    expect(same).toMatchObject({ verdict: 'no_difference_shown', by_luck: true })
    expect(same.words).toMatch(/could be luck/)
    expect(notes.join(' ')).toMatch(/exp-004-blurred: 1 of its seeds did not succeed/)
    // Tries, not experiments: each seed is one.
    expect(family).toBeGreaterThanOrEqual(11)
    const few = await compared({ limit: 3 })
    expect(
      few.over_seeds.experiments.find((one: { experiment: string }) => one.experiment.endsWith('sharp'))
        ?.mean,
    ).toBe(of('sharp').mean)
  })

  it('are compared on test only where they were looked at', async () => {
    await product.call('evaluate_run', { run: '0001/exp-002-sharp/s1', split: 'test' })
    const { over_seeds } = await compared({ split: 'test' })
    expect(over_seeds?.differences ?? []).toEqual([])
  })
})
