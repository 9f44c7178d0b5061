import {
  closeSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  realpathSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { NO_LAB, Product } from './product.ts'
import { expectRefused } from './refusals.ts'

const ROWS = 200
const label = (i: number): string => (i % 3 ? 'no' : 'yes')
const table = (header: string, row: (i: number) => string, rows = ROWS): string =>
  `${header}\n${Array.from({ length: rows }, (_, i) => row(i)).join('\n')}\n`

/** Predicts what it saw; scores are for the classes that it knows: those of train, not those of the data set. */
const TRAIN = `
import specweave
from sklearn.dummy import DummyClassifier

ds = specweave.load_dataset()
exp = specweave.current_run()
model = DummyClassifier(strategy="prior").fit(ds.train.features, ds.train.target)
exp.save_predictions("validation", model.predict(ds.validation.features))
X = ds.train.features
exp.save_predictions("train", model.predict(X), y_score=model.predict_proba(X), classes=model.classes_)
predicted = []
for fold in ds.folds(4):
    known = DummyClassifier(strategy="prior").fit(fold.train.features, fold.train.target)
    predicted.append(known.predict(fold.validation.features))
exp.save_predictions("folds", predicted)
`

describe.skipIf(NO_LAB)('sources that are odd or broken', () => {
  let product: Product
  // Beside the workspace: the files of the product are hashed before and after a refusal.
  const outside = mkdtempSync(join(realpathSync(tmpdir()), 'specweave-ml-long-'))
  const source = (name: string, text: string | Buffer): void => writeFileSync(join(product.root, name), text)
  /** A file that says it is long and takes no room. */
  const sparse = (name: string, start: string, bytes: number): void => {
    const file = openSync(join(outside, name), 'w')
    writeSync(file, start)
    ftruncateSync(file, bytes)
    closeSync(file)
  }
  const asked = (name: string, more: object = {}): object => ({
    name: 'odd',
    source: name,
    target: 'y',
    problem_type: 'classification',
    ...more,
  })
  beforeAll(async () => {
    product = new Product('id: odd\ninterpreter: lab\n')
    await product.call('create_increment', {
      title: 'odd data',
      problem_type: 'classification',
      success_metrics: ['accuracy > 0.5'],
    })
    source('cut.parquet', 'PAR1 and no more')
    source('utf16.csv', Buffer.from(`\ufeff${table('x,y', (i) => `${i},${label(i)}`)}`, 'utf16le'))
    source(
      'latin.csv',
      Buffer.from(
        table('x,y', (i) => `Zoë${i},${label(i)}`),
        'latin1',
      ),
    )
    source('quote.csv', `x,y\n1,no\n"2,yes\n${'3,no\n'.repeat(60)}`)
    source(
      'caret.csv',
      table('x^y', (i) => `${i}^${label(i)}`),
    )
    source('broken.jsonl', `{"x": 1, "y": "no"}\n{"x": 2, "y"\n`)
    source(
      'wide.csv',
      table(`${Array.from({ length: 10_000 }, (_, i) => `c${i}`)},y`, () => `${'1,'.repeat(10_000)}no`, 2),
    )
    sparse('long.jsonl', '', 90_000_000)
    sparse('long.csv', 'x,y\n1,no\n', 90_000_000)
    sparse('two-gb.csv', 'x,y\n1,no\n', 2 ** 31)
  })
  afterAll(() => {
    rmSync(outside, { recursive: true })
    return product.dispose()
  })

  it.each([
    ['Parquet that cannot be read', 'cut.parquet', /cut\.parquet.*write it again/],
    ['UTF-16', 'utf16.csv', /not UTF-8.*Save it as UTF-8/],
    ['Latin-1', 'latin.csv', /not UTF-8.*Save it as UTF-8/],
    ['a quote that is never closed', 'quote.csv', /Expected 2 columns.*quote that is not closed/],
    ['a separator that is none', 'caret.csv', /no column "y".*"x\^y"/],
    ['JSON Lines with a broken line', 'broken.jsonl', /Line 2 of.*Each line is one object/],
    ['more than 10,000 columns', 'wide.csv', /10,001 columns.*Choose columns/],
    ['a line without end', 'long.jsonl', /Line 1 .*longer than 16,777,216/],
    ['a row without end', 'long.csv', /a row is longer than 16,777,216 bytes.*not closed/],
  ])('%s: refused, and nothing is left', async (_what, name, says) => {
    await expectRefused(product, {
      tool: 'register_dataset',
      args: asked(name.startsWith('long') ? join(outside, name) : name),
      code: 'DATASET_INVALID',
      says,
    })
  })

  it('2 GB: a job, which says what is wrong', async () => {
    const answer = await product.call(
      'register_dataset',
      asked(join(outside, 'two-gb.csv'), { split: { seed: 1 } }),
    )
    expect(answer.job).toMatch(/^job-\d+$/)
    const ended = await product.ended({ run: answer.job, state: answer.state })
    expect(ended.state).toBe('failed')
    const said = ended.logs.stderr.join('\n')
    expect(said).toMatch(/a row is longer than 16,777,216 bytes|GiB of memory/)
    expect(said).not.toMatch(/Traceback|\n\s+at /)
  })

  it('a long file of good rows: a job, which registers it', async () => {
    const row = (i: number): string => `{"x": ${i}, "y": "${label(i)}"}`
    const rest = Array.from({ length: ROWS - 7 }, (_, i) => row(i + 7)).join('\n')
    source(
      'long-good.jsonl',
      `${Array.from({ length: 7 }, (_, i) => row(i) + ' '.repeat(15_000_000)).join('\n')}\n${rest}`,
    )
    const answer = await product.call(
      'register_dataset',
      asked('long-good.jsonl', { name: 'long', split: { seed: 3 }, increment: '0001' }),
    )
    const ended = await product.ended({ run: answer.job, state: answer.state })
    expect(ended.state, ended.logs.stderr.join('\n')).toBe('succeeded')
    expect(ended.logs.stdout.join('\n')).toContain('long@1')
    const record = JSON.parse(product.read('.specweave/datasets/long/v1/dataset.json'))
    expect(record).toMatchObject({ rows: ROWS, split: { seed: 3 } })
  })

  it.each([
    [
      'values of two kinds',
      'x,y',
      (i: number) => `${i % 4 ? i : 'n/k'},${label(i)}`,
      {},
      /"x" holds numbers in 150 rows and something else in 50: "n\/k"/,
    ],
    [
      'a constant and an empty column',
      'x,one,none,y',
      (i: number) => `${i},7,,${label(i)}`,
      {},
      /No value in any row: column "none".*One value in all rows: column "one"/,
    ],
    [
      'times without a zone',
      't,x,y',
      (i: number) =>
        `2024-01-01 ${String(Math.floor(i / 60)).padStart(2, '0')}:${String(i % 60).padStart(2, '0')}${i % 2 ? 'Z' : ''},${i},${label(i)}`,
      { split: { method: 'time', time_column: 't' } },
      /no zone in 100 of 200 rows and are read as UTC/,
    ],
    [
      'a byte order mark and semicolons',
      '\ufeffx;y',
      (i: number) => `${i};${label(i)}`,
      {},
      /positive class is "yes"/,
    ],
  ])('%s: named, and registered', async (what, header, row, more, says) => {
    const name = what.replaceAll(' ', '-')
    source(`${name}.csv`, table(header, row))
    const answer = await product.call('register_dataset', asked(`${name}.csv`, { name, ...more }))
    expect(answer.rows).toBe(ROWS)
    expect(answer.warnings.join(' ')).toMatch(says)
  })

  it('classes that train never saw: named, and measured as wrong', async () => {
    source(
      'late.csv',
      table('t,x,y', (i) => `${i},${i},${i > 130 ? 'late' : i < 60 ? 'a' : 'b'}`),
    )
    const answer = await product.call(
      'register_dataset',
      asked('late.csv', { name: 'late', split: { method: 'time', time_column: 't' }, increment: '0001' }),
    )
    expect(answer.warnings.join(' ')).toContain('In no row of train: class "late".')
    product.write('train.py', TRAIN)
    const run = await product.run({
      increment: '0001',
      name: 'try',
      command: ['python', 'train.py'],
      dataset: 'late@1',
    })
    expect(run.state, run.logs.stderr.join('\n')).toBe('succeeded')
    const said = JSON.stringify([run.warnings, run.notes])
    expect(said).not.toMatch(/Traceback|LAB_FAILED/)
    const measured = await product.call('evaluate_run', { run: run.run, split: 'validation' })
    expect(measured.metrics.find(({ name }: { name: string }) => name === 'accuracy').value).toBeLessThan(0.5)
    // The SDK gives the class that the model does not know a score of 0.
    const scored = await product.call('evaluate_run', { run: run.run, split: 'train' })
    expect(scored.metrics.map(({ name }: { name: string }) => name)).toContain('log_loss')
    const folds = await product.call('evaluate_run', { run: run.run, split: 'folds' })
    expect(folds.metrics.map(({ name }: { name: string }) => name)).toContain('accuracy')
  })
})
