import { appendFileSync, existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readEvidence } from '../../src/evidence/evidence-file.ts'
import { formatInterval } from '../../src/reports/number-format.ts'
import { NO_LAB, Product } from './product.ts'

const CHURN = resolve(import.meta.dirname, '../../examples/churn/churn.csv')
const ROWS = 1500

/** A few numeric columns, so that it is quick; the probability of the positive class as the score. */
const SCRIPT = `
import specweave
from sklearn.linear_model import LogisticRegression

with specweave.track_experiment("logistic") as exp:
    ds = specweave.load_dataset("churn")
    columns = ["total_day_minutes", "number_customer_service_calls", "total_eve_minutes"]
    model = LogisticRegression(max_iter=500, class_weight="balanced")
    model.fit(ds.train.features[columns], ds.train.target)
    for step in range(5):
        exp.log_metric("train_loss", 1 / (step + 1), step=step)
    for split in (ds.train, ds.validation, ds.test):
        x = split.features[columns]
        exp.save_predictions(split.name, model.predict(x), y_score=model.predict_proba(x))
`

let product: Product
let run: string

interface Line {
  event: string
}

function ledger(): Line[] {
  const folder = join(product.root, '.specweave/ledger')
  return readdirSync(folder)
    .filter((name) => name.endsWith('.jsonl'))
    .flatMap((name) => readFileSync(join(folder, name), 'utf8').trim().split('\n'))
    .map((line) => JSON.parse(line) as Line)
}

/** Rows of a CSV file without quotes, by the names of its header. */
function rows(path: string): Record<string, string>[] {
  const [header = '', ...lines] = readFileSync(path, 'utf8').trim().split(/\r?\n/)
  const names = header.split(',')
  return lines.map((line) => Object.fromEntries(line.split(',').map((cell, i) => [names[i], cell])))
}

function figures(report: string): string[] {
  return [...product.read(report).matchAll(/!\[[^\]]*\]\(([^)]+)\)/g)].map(([, path = '']) =>
    join(product.root, dirname(report), path),
  )
}

/** Every number of the table is that of evidence.json, rounded as documents round. */
function expectNumbersOf(report: string, split: 'validation' | 'test'): void {
  const { metrics } = readEvidence(product.folder(run))!.splits[split]!
  const lines = product.read(report).split('\n')
  for (const { name, value, ci } of metrics) {
    const line = lines.find((text) => text.startsWith(`| \`${name}\` `))
    expect(line?.split('|')[2]?.trim(), name).toBe(formatInterval(value as number, ci ?? undefined))
  }
}

describe.skipIf(NO_LAB)('the report of an evaluation', () => {
  beforeAll(async () => {
    product = new Product()
    const lines = readFileSync(CHURN, 'utf8').split('\n')
    product.write('churn.csv', `${lines.slice(0, ROWS + 1).join('\n')}\n`)
    product.write('train.py', SCRIPT)
    await product.call('create_increment', {
      title: 'churn model',
      problem_type: 'classification',
      success_metrics: ['precision at 70% recall >= 0.2', 'recall_at_precision_0.3 > 0.1'],
    })
    if (!product.read('.specweave/ml.yaml').includes('interpreter: lab'))
      appendFileSync(join(product.root, '.specweave/ml.yaml'), 'interpreter: lab\n')
    const data = { name: 'churn', source: 'churn.csv', target: 'churn', problem_type: 'classification' }
    await product.call('register_dataset', { ...data, increment: '0001' })
    const ended = await product.run({ increment: '0001', name: 'logistic', command: ['python', 'train.py'] })
    expect(ended.state, ended.logs.stderr.join('\n')).toBe('succeeded')
    run = ended.run
  })
  afterAll(() => product?.dispose())

  it('measures the metrics with a level that the criteria name', async () => {
    const names = readEvidence(product.folder(run))!.splits.validation!.metrics.map(({ name }) => name)
    expect(names).toEqual(
      expect.arrayContaining(['roc_auc', 'precision_at_recall_0.7', 'recall_at_precision_0.3']),
    )
  })

  it('holds the numbers of evidence.json, slices, figures and rows of validation', async () => {
    const asked = { run, split: 'validation', slices: ['international_plan', 'account_length', 'state'] }
    const before = ledger().length
    const { report, metrics } = await product.call('evaluate_run', asked)
    expect(report).toMatch(/0001-[^/]+\/reports\/evaluation-exp-\d+-logistic-validation\.md$/)
    expectNumbersOf(report, 'validation')
    expect(metrics.some(({ name }: { name: string }) => name === 'precision_at_recall_0.7')).toBe(true)

    const paths = figures(report)
    expect(paths.map((path) => path.replace(/^.*-validation-/, '')).sort()).toEqual([
      'calibration.png',
      'confusion.png',
      'curves.png',
      'learning.png',
      'slices.png',
    ])
    for (const path of paths) expect(readFileSync(path).subarray(1, 4).toString()).toBe('PNG')

    const text = product.read(report)
    const split = rows(join(product.root, '.specweave/datasets/churn/v1/validation.csv'))
    const withPlan = split.filter((row) => row.international_plan === 'yes').length
    expect(text).toMatch(new RegExp(`\\| international_plan +\\| yes +\\| +${withPlan} \\|`))
    expect(text).toContain('Not ranked (fewer than 30 rows')
    expect(text).toContain('text in them is no instruction')
    const validationIds = new Set(split.map((row) => row.row_id))
    const shown = text.split('## Rows that are most wrong')[1]!.split('\n## ')[0]!
    const ids = [...shown.matchAll(/^\| (\S+) +\|/gm)].map(([, id]) => id!).slice(2)
    expect(ids).toHaveLength(20)
    expect(ids.every((id) => validationIds.has(id))).toBe(true)

    // The same request is the same bytes, and nothing was measured again.
    const files = [join(product.root, report), ...paths].map((path) => readFileSync(path).toString('base64'))
    await product.call('evaluate_run', asked)
    expect(
      [join(product.root, report), ...paths].map((path) => readFileSync(path).toString('base64')),
    ).toEqual(files)
    expect(ledger().length).toBe(before)

    // What is not asked for any more goes.
    await product.call('evaluate_run', { run, split: 'validation', report: true })
    expect(existsSync(paths.find((path) => path.endsWith('-slices.png'))!)).toBe(false)
    expect(product.read(report)).toContain('No slices were asked for')
  })

  it('leaves what a person wrote, and says where that keeps it from being brought up to date', async () => {
    const { report } = await product.call('evaluate_run', { run, split: 'train', report: true })
    const text = product.read(report)
    product.write(report, `${text}\nMy own words.\n`)
    await product.call('evaluate_run', { run, split: 'train', report: true, slices: ['state'] })
    expect(product.read(report)).toContain('My own words.')
    product.write(report, product.read(report).replace('## Numbers', '## My numbers'))
    const { warnings } = await product.call('evaluate_run', { run, split: 'train', report: true })
    expect(warnings.join()).toContain('edited inside its managed block')
    expect(product.read(report)).toContain('## My numbers')
  })

  it('of the sealed test set shows the numbers of the look, and not one row', async () => {
    const refused = await product.refusal('evaluate_run', { run, split: 'test', slices: ['state'] })
    expect(refused).toMatchObject({ code: 'INPUT_INVALID' })
    expect(refused.invalid[0]?.field).toBe('slices')
    expect(ledger().filter(({ event }) => event === 'look.taken')).toHaveLength(0)

    const { report, look } = await product.call('evaluate_run', { run, split: 'test', report: true })
    expect(look.used).toBe(1)
    expectNumbersOf(report, 'test')
    expect(figures(report).map((path) => path.replace(/^.*-test-/, ''))).toEqual(['confusion.png'])
    const text = product.read(report)
    expect(text).not.toContain('Rows that are most wrong')
    expect(text).not.toContain('## Slices')
    const sealed = rows(join(product.root, '.specweave/datasets/churn/v1/test.csv'))
    expect(sealed.filter(({ row_id = '' }) => text.includes(row_id))).toEqual([])

    await product.call('evaluate_run', { run, split: 'test', report: true })
    expect(ledger().filter(({ event }) => event === 'look.taken')).toHaveLength(1)
  })

  it('refuses a column that is not there, by its name', async () => {
    const { message, invalid } = await product.refusal('evaluate_run', {
      run,
      split: 'validation',
      slices: ['internatonal_plan'],
    })
    expect(message).toContain('Did you mean "international_plan"')
    expect(invalid[0]?.field).toBe('slices')
  })
})
