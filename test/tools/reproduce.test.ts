import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { git } from './git.ts'
import { NO_LAB, Product, type ShownRun } from './product.ts'
import { reproduced } from './reproduced-run.ts'

/** A table whose answer follows from its columns and some noise; the same at each call. */
function table(rows: number): string {
  let state = 7
  const random = (): number => {
    state = (state * 48271) % 2147483647
    return state / 2147483647
  }
  const lines = Array.from({ length: rows }, () => {
    const [a, b, c] = [random(), random(), random()]
    return `${a},${b},${c},${a + b + 0.6 * random() > 1.3 ? 'yes' : 'no'}`
  })
  return ['a,b,c,bought', ...lines, ''].join('\n')
}

const FIXED = `import specweave
from features import COLUMNS
from sklearn.linear_model import LogisticRegression
ds = specweave.load_dataset()
with specweave.track_experiment("fixed") as exp:
    model = LogisticRegression().fit(ds.train.features[COLUMNS], ds.train.target)
    exp.save_predictions("validation", model.predict(ds.validation.features[COLUMNS]))
    exp.save_predictions("test", model.predict(ds.test.features[COLUMNS]))
`

/** Another guess at each start. */
const LOOSE = `import csv, os, random
import specweave
with specweave.track_experiment("loose") as exp:
    for name in ("validation", "test"):
        rows = csv.DictReader(open(os.environ["SPECWEAVE_" + name.upper()]))
        guesses = [float(row["a"]) + float(row["b"]) + random.gauss(0, 0.2) for row in rows]
        exp.save_predictions(name, ["yes" if guess > 1 else "no" for guess in guesses])
`

/** Everything of a checkout that a reproduction must leave alone. */
function checkout(root: string): string {
  return [
    git(root, 'status', '--porcelain', '--untracked-files=all', '--', '.', ':!.specweave'),
    git(root, 'rev-parse', 'HEAD'),
    git(root, 'branch', '--all', '--verbose'),
    git(root, 'stash', 'list'),
    git(root, 'worktree', 'list'),
    git(root, 'diff', '--cached'),
    git(root, 'diff', '--', '.', ':!.specweave'),
  ].join('\n')
}

/** What the tests change of a run.json. */
interface Stored {
  code: { git_sha: string; hash: string }
  environment: { python: string; packages: Record<string, string> }
  hardware: Record<string, unknown>
}

const record = (product: Product, run: string): { file: string; value: Stored } => {
  const file = join(product.folder(run), 'run.json')
  return { file, value: JSON.parse(readFileSync(file, 'utf8')) }
}

async function edited<T>(
  product: Product,
  run: string,
  edit: (value: Stored) => void,
  work: () => Promise<T>,
): Promise<T> {
  const { file, value } = record(product, run)
  const before = readFileSync(file)
  edit(value)
  writeFileSync(file, JSON.stringify(value))
  try {
    return await work()
  } finally {
    writeFileSync(file, before)
  }
}

async function prepared(product: Product): Promise<void> {
  product.write('data.csv', table(400))
  product.write('features.py', 'COLUMNS = ["a"]\n')
  product.write('fixed.py', FIXED)
  product.write('loose.py', LOOSE)
  product.write('.gitignore', '*.csv\n__pycache__\n')
  git(product.root, 'init', '-q')
  git(product.root, 'add', '.')
  git(product.root, 'commit', '-q', '-m', 'begin')
  await product.call('create_increment', {
    title: 'shop',
    problem_type: 'classification',
    success_metrics: ['accuracy >= 0.6'],
  })
  await product.call('register_dataset', {
    name: 'shop',
    source: 'data.csv',
    target: 'bought',
    problem_type: 'classification',
    increment: '0001',
  })
}

describe.skipIf(NO_LAB)('reproduce_run', () => {
  const product = new Product('id: reproduce\ninterpreter: lab\nlimits: {cpus: 2}\n')
  let fixed: ShownRun
  let before: string
  beforeAll(async () => {
    await prepared(product)
    // Neither change is committed: one to a tracked module, one a file that Git does not know.
    product.write('features.py', 'from more import COLUMNS\n')
    product.write('more.py', 'COLUMNS = ["a", "b", "c"]\n')
    fixed = await product.run({ increment: '0001', name: 'fixed', command: ['python', 'fixed.py'] })
    expect(fixed.logs.stderr.join('\n')).toBe('')
    expect(fixed.state).toBe('succeeded')
  })
  afterAll(() => product.dispose())

  it('repeats a run from its record, whatever became of the files since, and leaves the checkout alone', async () => {
    product.write('features.py', 'raise SystemExit("not the code of that run")\n')
    rmSync(join(product.root, 'more.py'))
    product.write('staged.txt', 'x\n')
    git(product.root, 'add', 'staged.txt')
    before = checkout(product.root)
    const answer = await reproduced(product, { run: fixed.run })
    expect(answer).toMatchObject({
      run: fixed.run,
      reproduction: `${fixed.run}-reproduced`,
      state: 'succeeded',
      outcome: 'identical',
      basis: 'predictions',
      differed: [],
      splits: [
        { split: 'validation', same: 'bytes' },
        { split: 'test', same: 'bytes' },
      ],
    })
    expect(checkout(product.root)).toBe(before)
    expect(readdirSync(join(product.root, '.specweave/worktrees'))).toEqual(['.gitignore'])
    expect(record(product, answer.reproduction).value.code).toEqual({
      ...record(product, fixed.run).value.code,
      branch: null,
    })
  })

  it('answers the same call by what was found, and is no try', async () => {
    const { total } = await product.call('list_runs')
    expect(await product.call('reproduce_run', { run: fixed.run })).toMatchObject({
      outcome: 'identical',
      next: [{ tool: 'get_increment', arguments: { increment: '0001' } }],
    })
    expect((await product.call('list_runs')).total).toBe(total)
    const lines = readdirSync(join(product.root, '.specweave/ledger'))
      .filter((name) => name.endsWith('.jsonl'))
      .flatMap((name) => product.read(`.specweave/ledger/${name}`).trim().split('\n'))
      .map((line) => JSON.parse(line))
    expect(lines.filter(({ event }) => event === 'run.reproduced')).toHaveLength(1)
    expect(lines.filter(({ data }) => data.run === `${fixed.run}-reproduced`)).toEqual([])
    const compared = await product.call('compare_runs', { increment: '0001' })
    expect(compared.rows.map(({ run }: { run: string }) => run)).toEqual([fixed.run])
    expect(product.read('.specweave/increments/0001-shop/experiments/comparison.md')).not.toContain(
      'reproduced',
    )
    const refused = await product.refusal('evaluate_run', { run: `${fixed.run}-reproduced`, split: 'test' })
    expect(refused.message).toContain('repeats')
    expect(await product.call('get_run', { run: fixed.run })).toMatchObject({
      reproduced: [expect.stringMatching(/^identical on \d{4}-\d\d-\d\d: /)],
    })
    expect(await product.call('get_run', { run: `${fixed.run}-reproduced` })).toMatchObject({
      reproduces: fixed.run,
    })
  })

  it('names packages, Python and hardware that are others', async () => {
    const answer = await edited(
      product,
      fixed.run,
      (value) => {
        value.environment.packages['scikit-learn'] = '0.1'
        value.environment.packages['left-behind'] = '1.0'
        value.environment.python = '3.1.4'
        value.hardware.cpu_model = 'Abacus'
      },
      () => reproduced(product, { run: fixed.run, again: true }),
    )
    expect(answer.outcome).toBe('identical')
    expect(answer.differed).toEqual([
      { kind: 'python', name: 'version', was: '3.1.4', is: expect.any(String) },
      { kind: 'package', name: 'left-behind', was: '1.0', is: null },
      { kind: 'package', name: 'scikit-learn', was: '0.1', is: expect.any(String) },
      { kind: 'hardware', name: 'cpu_model', was: 'Abacus', is: expect.any(String) },
    ])
  })

  it('says of a script without a seed how far apart the numbers are', async () => {
    product.write('features.py', 'COLUMNS = ["a", "b", "c"]\n')
    const loose = await product.run({ increment: '0001', name: 'loose', command: ['python', 'loose.py'] })
    const answer = await reproduced(product, { run: loose.run })
    expect(['within_noise', 'different']).toContain(answer.outcome)
    expect(answer.basis).toBe('paired')
    expect(answer.splits).toMatchObject([
      { split: 'validation', same: 'no', rows_different: expect.any(Number) },
      { split: 'test', same: 'no' },
    ])
    expect(answer.metrics).toMatchObject([{ name: 'accuracy', split: 'validation' }])
    expect(answer.outcome === 'within_noise').toBe(answer.metrics?.every(({ within }) => within))
  })

  it('repeats the child of a run with seeds, beside what its seeds showed', async () => {
    const seeds = await product.run({
      increment: '0001',
      name: 'seeded',
      command: ['python', 'loose.py'],
      seeds: [1, 2],
    })
    const refused = await product.refusal('reproduce_run', { run: seeds.run })
    expect(refused).toMatchObject({
      code: 'REPRODUCTION_IMPOSSIBLE',
      next: expect.arrayContaining([
        { tool: 'reproduce_run', arguments: { run: `${seeds.run}/s1` }, why: 'repeats s1' },
      ]),
    })
    const answer = await reproduced(product, { run: `${seeds.run}/s2` })
    expect(answer.reproduction).toBe(`${seeds.run}-s2-reproduced`)
    expect(answer.basis).toBe('seeds')
    // The run of the test before is one, too: the same request but for the seed.
    expect(answer.metrics?.[0]).toMatchObject({ seeds: 3, seed_range: expect.any(Number) })
    expect(record(product, answer.reproduction).value).toMatchObject({ seed: 2, parent: null })
  })

  it('refuses what cannot be repeated, says why, and queues nothing', async () => {
    const failed = await product.run({
      increment: '0001',
      name: 'fails',
      command: ['python3', '-c', 'exit(3)'],
    })
    const told = await product.run({
      increment: '0001',
      name: 'told',
      command: ['python3', '-c', 'print(1)'],
      env: { API_TOKEN: 'abcdef123456' },
    })
    const silent = await product.run({
      increment: '0001',
      name: 'silent',
      command: ['python3', '-c', 'print(1)'],
    })
    const { total } = await product.call('list_runs')
    const message = async (run: string): Promise<string> => {
      const { code, message } = await product.refusal('reproduce_run', { run, again: true })
      expect(code).toBe('REPRODUCTION_IMPOSSIBLE')
      return message
    }
    expect(await message(failed.run)).toContain('failed')
    expect(await message(told.run)).toContain('API_TOKEN')
    expect(await message(silent.run)).toContain('nothing that could come out the same')
    expect(await message(`${fixed.run}-reproduced`)).toContain(`of ${fixed.run}`)
    const gone = 'b'.repeat(40)
    expect(
      await edited(
        product,
        fixed.run,
        (value) => (value.code.git_sha = gone),
        () => message(fixed.run),
      ),
    ).toContain(`commit ${gone}, which this repository does not hold`)
    const kept = join(product.root, '.specweave/code', record(product, fixed.run).value.code.hash)
    const text = readFileSync(kept, 'utf8')
    writeFileSync(kept, text.replace('COLUMNS', 'COLUMN_S'))
    expect(await message(fixed.run)).toContain('was edited since')
    rmSync(kept)
    expect(await message(fixed.run)).toContain('is not here')
    writeFileSync(kept, text)
    const rows = join(product.root, '.specweave/datasets/shop/v1/validation.csv')
    const data = readFileSync(rows, 'utf8')
    writeFileSync(rows, `${data}0,0,0,no\n`)
    expect(await message(fixed.run)).toContain('validation is no longer the file that was registered')
    writeFileSync(rows, data)
    expect((await product.call('list_runs')).total).toBe(total)
    expect(readdirSync(join(product.root, '.specweave/worktrees'))).toEqual(['.gitignore'])
  })
})
