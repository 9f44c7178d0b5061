import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type Evidence, splitEvidenceSha256 } from '../../src/evidence/evidence-file.ts'
import { appendEvent } from '../../src/evidence/ledger.ts'
import { openWorkspace } from '../../src/store/workspace.ts'
import { PROGRAM } from '../hosts/mcp-client.ts'
import { NO_LAB, Product, type ShownRun } from './product.ts'

/** Cross-validation with the SDK; `noise` labels turned round make a worse model. */
const TRAIN = `
import sys
import specweave
from sklearn.linear_model import LogisticRegression

wrong, count = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 5
ds = specweave.load_dataset()
predicted, scores = [], []
for fold in ds.folds(count):
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

  it('are ranked and tested by compare_runs, where they are the same', async () => {
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
    const [difference, ...others] = compared.differences
    expect(others).toEqual([])
    expect(difference).toMatchObject({ a: poor.run, b: good.run, verdict: 'worse' })
    expect(difference.difference).toBeCloseTo(
      Number(accuracy(poor)?.value) - Number(accuracy(good)?.value),
      12,
    )
    expect(difference.ci[1]).toBeLessThan(0)
    expect(compared.family).toBe(1)
    // Divided otherwise: not the same folds, so nothing is paired.
    const ten = await product.run({
      increment: '0001',
      name: 'ten',
      command: ['python', 'train.py', '0', '10'],
    })
    expect(ten.state).toBe('succeeded')
    const again = await product.call('compare_runs', {
      increment: '0001',
      split: 'folds',
      metric: 'accuracy',
    })
    const two = await product.call('compare_runs', {
      runs: [good.run, poor.run],
      split: 'folds',
      metric: 'accuracy',
    })
    expect(two.family, 'a try that is not shown is allowed for').toBe(2)
    const which = again.best === ten.run ? good.run : ten.run
    expect(again.left_out).toContainEqual({
      run: which,
      reason: expect.stringMatching(/^was measured on (?:5|10) folds, and the best on (?:10|5)$/),
    })
  })

  it('are recomputed: a value of one fold that was edited and signed does not come out again', async () => {
    const verify = () =>
      spawnSync(process.execPath, [PROGRAM, 'verify', '--recompute'], {
        cwd: product.root,
        env: product.env,
        encoding: 'utf8',
      })
    const file = join(product.folder(good.run), 'evidence.json')
    const before = readFileSync(file, 'utf8')
    const edited = JSON.parse(before) as Evidence
    const metric = edited.splits.folds?.metrics[0]
    metric!.by_fold![0] = 0.123
    writeFileSync(file, JSON.stringify(edited))
    const sign = async (evidence: Evidence) => {
      vi.stubEnv('SPECWEAVE_STATE_DIR', product.state)
      await appendEvent(openWorkspace(product.root), 'evidence.recorded', {
        run: good.run,
        dataset_hash: evidence.dataset_hash,
        splits: { folds: splitEvidenceSha256(evidence, 'folds') },
      })
      vi.unstubAllEnvs()
    }
    await sign(edited)
    const { status, stderr } = verify()
    expect(status).toBe(1)
    expect(stderr).toMatch(
      new RegExp(
        `${good.run} folds: accuracy by fold: \\[0\\.123,.*stands in evidence\\.json, and the predictions give`,
      ),
    )
    writeFileSync(file, before)
    await sign(JSON.parse(before) as Evidence)
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
