import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { NO_LAB, Product, type ShownRun } from './product.ts'

/** Cross-validation with the SDK; `noise` labels turned round make a worse model. */
const TRAIN = `
import sys
import specweave
from sklearn.linear_model import LogisticRegression

wrong = int(sys.argv[1])
ds = specweave.load_dataset()
predicted, scores = [], []
for fold in ds.folds(5):
    y = fold.train.target.copy()
    y.iloc[:wrong] = "no"
    model = LogisticRegression(max_iter=500).fit(fold.train.features, y)
    predicted.append(model.predict(fold.validation.features))
    scores.append(model.predict_proba(fold.validation.features))
exp = specweave.current_run()
exp.save_predictions("folds", predicted, y_score=scores, classes=model.classes_)
`

/** Every row in the next fold: predictions that were not made out of fold. */
const SHIFTED = `
import csv, os
folder = os.path.join(os.environ["SPECWEAVE_RUN_DIR"], "predictions")
os.makedirs(folder, exist_ok=True)
with open(os.environ["SPECWEAVE_TRAIN"]) as file, open(os.path.join(folder, "folds.csv"), "w") as out:
    out.write("row_id,prediction,fold\\n")
    for place, row in enumerate(csv.DictReader(file)):
        out.write(f"{row['row_id']},{row['churned']},{place % 5}\\n")
`

describe.skipIf(NO_LAB)('cross-validation folds', () => {
  let product: Product
  let good: ShownRun
  beforeAll(async () => {
    product = new Product('id: folds\ninterpreter: lab\n')
    const rows = Array.from({ length: 600 }, (_, i) => {
      const [x, y] = [(i * 7919) % 101, (i * 104_729) % 53]
      return `c${i},${x},${y},${x + y + ((i * 31) % 23) > 88 ? 'yes' : 'no'}`
    })
    product.write('data/churn.csv', `customer,calls,minutes,churned\n${rows.join('\n')}\n`)
    product.write('train.py', TRAIN)
    product.write('shifted.py', SHIFTED)
    await product.call('create_increment', {
      title: 'churn model',
      problem_type: 'classification',
      success_metrics: ['accuracy > 0.8'],
    })
    await product.call('register_dataset', {
      name: 'churn',
      source: 'data/churn.csv',
      target: 'churned',
      problem_type: 'classification',
      id_column: 'customer',
      increment: '0001',
    })
  })
  afterAll(() => product.dispose())

  const accuracy = (run: ShownRun) =>
    run.metrics.find(({ name, split }) => name === 'accuracy' && split === 'folds')

  it('are scored when the run ends, and stand in metrics.json', async () => {
    good = await product.run({ increment: '0001', name: 'good', command: ['python', 'train.py', '0'] })
    expect(good).toMatchObject({ state: 'succeeded' })
    expect(good.warnings.join()).not.toMatch(/fold|measured/)
    expect(accuracy(good)).toMatchObject({ source: 'measured', grade: 'open', ci: expect.any(Array) })
    const folder = product.folder(good.run)
    expect(readFileSync(join(folder, 'metrics.json'), 'utf8')).toMatch(/"folds"/)
    const evidence = JSON.parse(readFileSync(join(folder, 'evidence.json'), 'utf8'))
    expect(evidence.splits.folds).toMatchObject({ folds: 5, rows: expect.any(Number) })
    const [metric] = evidence.splits.folds.metrics
    expect(metric).toMatchObject({ name: 'accuracy', ci_method: 'nadeau_bengio_t' })
    expect(metric.by_fold).toHaveLength(5)
  })

  it('are ranked by compare_runs', async () => {
    const poor = await product.run({
      increment: '0001',
      name: 'poor',
      command: ['python', 'train.py', '150'],
    })
    const compared = await product.call('compare_runs', {
      increment: '0001',
      split: 'folds',
      metric: 'accuracy',
    })
    expect(compared.best).toBe(good.run)
    expect(compared.rows.map(({ run }: ShownRun) => run)).toEqual([good.run, poor.run])
    expect(compared.rows[0].metrics[0]).toMatchObject({ split: 'folds', source: 'measured' })
  })

  it('are measured on request, and refused where none were handed in', async () => {
    const again = await product.call('evaluate_run', { run: good.run, split: 'folds' })
    expect(again.metrics).toContainEqual(accuracy(good))
    const bare = await product.run({ increment: '0001', name: 'bare', command: ['python', '-c', 'print(1)'] })
    const refused = await product.refusal('evaluate_run', { run: bare.run, split: 'folds' })
    expect(refused.code).toBe('PREDICTIONS_MISSING')
    expect(refused.message).toContain('predictions/folds.csv (row_id,prediction,fold')
  })

  it('that are not those of the data set are refused', async () => {
    const shifted = await product.run({
      increment: '0001',
      name: 'shifted',
      command: ['python', 'shifted.py'],
    })
    expect(shifted.state).toBe('succeeded')
    expect(shifted.warnings.join()).toContain("another fold than the dataset's")
    expect(accuracy(shifted)).toBeUndefined()
    const refused = await product.refusal('evaluate_run', { run: shifted.run, split: 'folds' })
    expect(refused.code).toBe('PREDICTIONS_INVALID')
  })
})
