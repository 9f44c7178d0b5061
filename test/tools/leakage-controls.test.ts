import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { NO_LAB, Product, type ShownRun } from './product.ts'

const CHURN = resolve(import.meta.dirname, '../../examples/churn/churn.csv')

/** Labels by the path that it is given, and by nothing else. */
const HONEST = `
import sys
import pandas as pd
from sklearn.tree import DecisionTreeClassifier

train, held, out = (pd.read_csv(sys.argv[1]), pd.read_csv(sys.argv[2]), sys.argv[3])
columns = [c for c in train.select_dtypes("number").columns if c != "row_id"]
model = DecisionTreeClassifier(max_depth=5, random_state=0).fit(train[columns], train["churn"])
scores = model.predict_proba(held[columns])
frame = pd.DataFrame({"row_id": held["row_id"], "prediction": model.predict(held[columns])})
for name, column in zip(model.classes_, scores.T):
    frame[f"score_{name}"] = column
frame.to_csv(out + "/predictions/validation.csv", index=False)
print("trained on", sys.argv[1])
`

/** Says that it reads what it is given, and has the real file's path from elsewhere. */
const SLY = HONEST.replace(
  'pd.read_csv(sys.argv[1])',
  'pd.read_csv(".specweave/datasets/churn/v1/train.csv")',
)

/** The same by the SDK, of a depth. */
const BY_SDK = `
import sys
import specweave
from sklearn.tree import DecisionTreeClassifier

ds = specweave.load_dataset()
number = lambda split: split.features.select_dtypes("number")
model = DecisionTreeClassifier(max_depth=int(sys.argv[1]), random_state=0).fit(number(ds.train), ds.train.target)
exp = specweave.current_run()
given = number(ds.validation)
exp.save_predictions("validation", model.predict(given), y_score=model.predict_proba(given), classes=model.classes_)
given = number(ds.test)
exp.save_predictions("test", model.predict(given), y_score=model.predict_proba(given), classes=model.classes_)
`

interface ShownCheck {
  id: string
  status: string
  message: string
}

describe.skipIf(NO_LAB)('leakage and controls', () => {
  let product: Product
  const runs: Record<string, ShownRun> = {}
  const controls: Record<string, ShownRun> = {}
  let before: ShownCheck | undefined
  let look: { next: { tool: string; arguments: { run?: string } }[] }
  let reused: boolean | undefined

  const checkOf = async (id: string, candidate?: string): Promise<ShownCheck | undefined> => {
    if (candidate) {
      const spec = '.specweave/increments/0001-churn-model/spec.md'
      product.write(spec, product.read(spec).replace(/candidate: .*/, `candidate: ${candidate}`))
    }
    const { checks } = await product.call<{ checks: ShownCheck[] }>('validate_increment', {
      increment: '0001',
    })
    return checks.find((check) => check.id === id)
  }
  const control = (run: string) =>
    product.call<ShownRun>('run_experiment', { control: 'shuffled_labels', of: run })

  beforeAll(async () => {
    product = new Product('id: controls\ninterpreter: lab\n')
    const lines = readFileSync(CHURN, 'utf8').split('\n').slice(0, 1501)
    product.write('churn.csv', `${lines.join('\n')}\n`)
    product.write('honest.py', HONEST)
    product.write('sly.py', SLY)
    product.write('by_sdk.py', BY_SDK)
    await product.call('create_increment', {
      title: 'churn model',
      problem_type: 'classification',
      success_metrics: ['roc_auc >= 0.75'],
    })
    const { warnings } = await product.call('register_dataset', {
      name: 'churn',
      source: 'churn.csv',
      target: 'churn',
      problem_type: 'classification',
      increment: '0001',
    })
    expect(warnings.filter((text: string) => !text.startsWith('The positive class'))).toEqual([])
    const given = ['{train}', '{validation}', '{run_dir}']
    const started = await product.call<{ runs: ShownRun[] }>('run_experiment', {
      increment: '0001',
      experiments: [
        { name: 'honest', command: ['python', 'honest.py', ...given] },
        { name: 'sly', command: ['python', 'sly.py', ...given] },
        { name: 'sdk', command: ['python', 'by_sdk.py', '5'] },
      ],
      wait_s: 40,
    })
    for (const [place, name] of ['honest', 'sly', 'sdk'].entries())
      runs[name] = await product.ended(started.runs[place]!)
    before = await checkOf('control.shuffled_labels', runs.sdk!.run)
    look = await product.call('evaluate_run', { run: runs.sdk!.run, split: 'test' })
    const queued: Record<string, ShownRun> = {}
    for (const [name, { run }] of Object.entries(runs)) queued[name] = await control(run)
    reused = queued.sdk!.reused
    for (const [name, run] of Object.entries(queued)) controls[name] = await product.ended(run)
  })
  afterAll(() => product?.dispose())

  it('says that real data was searched, and that the evaluator tells good from shuffled', async () => {
    expect(await checkOf('data.leakage')).toMatchObject({
      status: 'pass',
      message: expect.stringContaining('churn@1 was searched and nothing was found'),
    })
    expect(await checkOf('evaluator.controls')).toMatchObject({
      status: 'pass',
      message: expect.stringMatching(/tells the truth from shuffled answers .*roc_auc/),
    })
  })

  it('says where no control was run, and blocks nothing', () => {
    expect(before).toMatchObject({
      status: 'pass',
      message: expect.stringContaining(
        `not done, not blocking: ${runs.sdk!.run} was not run on shuffled labels`,
      ),
      next: { tool: 'run_experiment', arguments: { control: 'shuffled_labels', of: runs.sdk!.run } },
    })
  })

  it('queues the control of a candidate by itself, once', () => {
    const queued = look.next.map(({ arguments: { run } }) => run)
    expect(queued).toContain(controls.sdk!.run)
    expect(reused).toBe(true)
  })

  it.each(['honest', 'sdk'])('passes the script %s, whose control learned nothing', async (name) => {
    const ended = controls[name]!
    expect(ended).toMatchObject({ state: 'succeeded' })
    expect(ended.warnings.join()).toContain('no better than chance')
    expect(ended.metrics.filter(({ source }) => source === 'measured')).toEqual([])
    expect(await checkOf('control.shuffled_labels', runs[name]!.run)).toMatchObject({
      status: 'pass',
      message: expect.stringMatching(
        /trained on shuffled labels and is no better than chance: roc_auc 0\.[0-5]/,
      ),
    })
  })

  it('fails a script that has the labels from elsewhere', async () => {
    expect(controls.sly!.warnings.join()).toContain('better than chance, roc_auc')
    expect(await checkOf('control.shuffled_labels', runs.sly!.run)).toMatchObject({
      status: 'fail',
      message: expect.stringContaining('sees the labels in another way'),
    })
    const { verdict } = await product.call('validate_increment', { increment: '0001' })
    expect(verdict).toBe('fail')
  })

  it('keeps controls out of rankings and tries, and shows them in the list', async () => {
    const again = await control(runs.honest!.run)
    expect(again.reused).toBe(true)
    const listed = await product.call('list_runs', { increment: '0001' })
    const asides = listed.runs.filter((run: { aside?: string }) => run.aside === 'control')
    expect(asides).toHaveLength(3)
    const { rows } = await product.call('compare_runs', { increment: '0001' })
    expect(rows.map(({ run }: ShownRun) => run).sort()).toEqual(
      Object.values(runs)
        .map(({ run }) => run)
        .sort(),
    )
    const refused = await product.refusal('evaluate_run', { run: again.run, split: 'validation' })
    expect(refused.message).toContain(`is a control of ${runs.honest!.run}`)
    const record = JSON.parse(readFileSync(join(product.folder(again.run), 'run.json'), 'utf8'))
    expect(record.control).toEqual({ kind: 'shuffled_labels', of: runs.honest!.run })
  })

  it('refuses what would be a control of something else', async () => {
    const of = runs.honest!.run
    const other = await product.refusal('run_experiment', {
      control: 'shuffled_labels',
      of,
      params: { lr: 1 },
    })
    expect(other.invalid).toMatchObject([{ field: 'params' }])
    expect((await product.refusal('run_experiment', { control: 'shuffled_labels' })).missing).toEqual(['of'])
    product.write('honest.py', `${HONEST}# changed\n`)
    const changed = await product.refusal('run_experiment', { control: 'shuffled_labels', of })
    expect(changed.message).toContain('no longer what it ran with')
    product.write('honest.py', HONEST)
  })

  it('queues the control of a run that is looked at later too, which can be named the candidate afterwards', async () => {
    const { run } = await product.run({
      increment: '0001',
      name: 'later',
      dataset: 'churn@1',
      command: ['python', 'by_sdk.py', '3'],
    })
    const answer = await product.call('evaluate_run', { run, split: 'test' })
    expect(answer).toMatchObject({ look: { used: 2 }, repeated: false })
    const queued = answer.next.find((step: { why: string }) => step.why.startsWith('the control'))
    expect(queued).toMatchObject({ tool: 'get_run' })
    await product.ended({ run: queued.arguments.run, state: 'queued' })
    expect(await checkOf('control.shuffled_labels', run)).toMatchObject({
      status: 'pass',
      message: expect.stringContaining(`${queued.arguments.run} trained on shuffled labels and is no better`),
    })
    // Once: the look again queues none.
    const again = await product.call('evaluate_run', { run, split: 'test' })
    expect(again.next.map((step: { why: string }) => step.why).join()).not.toContain('control')
    await checkOf('control.shuffled_labels', runs.sdk!.run)
  })

  it('fails data with a renamed target, names it at registration, and notices an edited finding', async () => {
    const [header, ...rows] = product.read('churn.csv').trim().split('\n')
    const leaky = rows.map((row) => `${row},${row.endsWith('yes') ? 'left' : 'stayed'}`)
    product.write('leaky.csv', `${header},status\n${leaky.join('\n')}\n`)
    const { warnings } = await product.call('register_dataset', {
      name: 'leaky',
      source: 'leaky.csv',
      target: 'churn',
      problem_type: 'classification',
      increment: '0001',
    })
    expect(warnings.join()).toContain('Column "status" is the target in other words')
    expect(await checkOf('data.leakage')).toMatchObject({
      status: 'fail',
      message: expect.stringContaining('"status"'),
    })
    const file = join(product.root, '.specweave/datasets/leaky/v1/dataset.json')
    const record = JSON.parse(readFileSync(file, 'utf8'))
    writeFileSync(file, JSON.stringify({ ...record, leakage: { ...record.leakage, findings: [] } }))
    expect(await checkOf('data.leakage')).toMatchObject({
      status: 'fail',
      message: expect.stringContaining('something else than the ledger holds'),
    })
  })
})
