import { readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { NO_LAB, Product } from './product.ts'

const ROWS = 400

/** Two numbers, of which the first says something of the label; a customer number. */
function source(): string {
  let state = 7
  const random = () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return state / 2_147_483_648
  }
  const lines = Array.from({ length: ROWS }, (_, i) => {
    const [usage, age] = [random(), random()]
    return `c${i},${usage.toFixed(4)},${age.toFixed(4)},${usage + 0.8 * random() > 0.9 ? 'yes' : 'no'}`
  })
  return `customer,usage,age,churned\n${lines.join('\n')}\n`
}

/** Each way to hand in predictions for the test set beside a saved model. */
const TRAIN = `
import json, sys
import specweave
from sklearn.linear_model import LogisticRegression
import answers

way = sys.argv[1]
ds = specweave.load_dataset()
model = LogisticRegression(C=0.01 if way == "made" else 1.0).fit(ds.train.features, ds.train.target)
with specweave.track_experiment(way) as exp:
    exp.save_predictions("validation", model.predict(ds.validation.features))
    X = ds.test.features
    labels, scores = model.predict(X), model.predict_proba(X)
    if way == "copied":
        truth = json.load(open("data/answers.json"))  # of a run that was seen reading the source no look is taken
        labels, scores = [truth[row] for row in ds.test.row_ids], None
    if way == "by-place":
        model, scores = answers.ByPlace(list(labels)), None
    if way == "by-source":
        model, scores = answers.BySource(), None
    if way in ("threshold", "decides"):
        labels, scores = answers.decide(model, X)
    if way != "made":
        exp.save_predictions("test", labels, y_score=scores)
    exp.save_model(model, predict="answers.py:decide" if way == "decides" else None)
`

/** What a model needs that is no library's. */
const ANSWERS = `
import csv

def decide(model, features):
    scores = model.predict_proba(features)
    return ["yes" if score > 0.7 else "no" for score in scores[:, 1]], scores

class ByPlace:
    def __init__(self, labels):
        self.labels = labels
    def predict(self, X):
        return self.labels[: len(X)]

class BySource:
    def predict(self, X):
        rows = list(csv.DictReader(open("SOURCE")))
        return [rows[0]["churned"] for _ in range(len(X))]
`

/** Its class lives in a script that trains at its top level: loading it would train again. */
const OWN = `
import specweave
class Mine:
    def predict(self, X):
        return ["yes" if value > 0.5 else "no" for value in X["usage"]]
with specweave.track_experiment("own") as exp:
    ds = specweave.load_dataset()
    for split in (ds.validation, ds.test):
        exp.save_predictions(split.name, Mine().predict(split.features))
    exp.save_model(Mine())
`

const WAYS = ['honest', 'decides', 'made', 'copied', 'threshold', 'by-place', 'by-source', 'own']

interface Looked {
  next: { arguments?: { run?: unknown } }[]
  warnings: string[]
  look: { used: number }
  repeated: boolean
}

interface Check {
  id: string
  status: string
  message: string
  next?: { tool: string; arguments: Record<string, unknown> }
}

describe.skipIf(NO_LAB)(`the saved model says it again (${NO_LAB ?? 'with the lab'})`, () => {
  let product: Product
  const spec = '.specweave/increments/0001-churn/spec.md'
  const runs: Record<string, string> = {}

  const edit = (pattern: RegExp, text: string): void => {
    const before = product.read(spec)
    if (!pattern.test(before)) throw new Error(`${pattern} is not in spec.md`)
    product.write(spec, before.replace(pattern, text))
  }
  /** The run of one way. */
  const of = (way: string): string => runs[way] as string
  const predictions = (way: string): string => join(product.folder(of(way)), 'predictions/test.csv')
  const look = (run: string): Promise<Looked> => product.look(run)
  /** Makes a run the candidate and judges it. */
  const judged = async (run: string): Promise<{ check: Check; warnings: string[] }> => {
    edit(/^( *candidate: ).*$/m, `$1${run}`)
    const { checks, warnings } = await product.call('validate_increment', { increment: '0001' })
    const check = checks.find(({ id }: Check) => id === 'candidate.reproduced')
    return { check, warnings }
  }
  /** The check of a run that is looked at by this. */
  const outcome = async (run: string) => {
    const { warnings } = await look(run)
    return { looked: warnings, ...(await judged(run)) }
  }

  beforeAll(async () => {
    product = new Product('id: reproduced\ninterpreter: lab\n')
    product.write('data/source.csv', source())
    const answers = source()
      .split('\n')
      .map((line) => [line.split(',')[0], line.split(',').at(-1)])
    product.write('data/answers.json', JSON.stringify(Object.fromEntries(answers)))
    product.write('train.py', TRAIN)
    product.write('own.py', OWN)
    product.write('answers.py', ANSWERS.replace('SOURCE', join(product.root, 'data/source.csv')))
    await product.call('create_increment', {
      title: 'churn',
      problem_type: 'classification',
      success_metrics: ['accuracy >= 0.6'],
    })
    await product.call('register_dataset', {
      name: 'churn',
      source: 'data/source.csv',
      target: 'churned',
      positive: 'yes',
      problem_type: 'classification',
      id_column: 'customer',
      increment: '0001',
    })
    edit(/looks: 3/, 'looks: 20')
    const submitted = await product.call('run_experiment', {
      increment: '0001',
      experiments: WAYS.map((way) => ({
        name: way,
        command: ['python', ...(way === 'own' ? ['own.py'] : ['train.py', way])],
      })),
    })
    for (const one of submitted.runs) {
      const run = await product.ended(one)
      if (run.state !== 'succeeded') throw new Error(run.logs.stderr.join('\n'))
      runs[run.run.replace(/^.*exp-\d+-/, '')] = run.run
    }
  })
  afterAll(() => product.dispose())

  it('passes where the model makes what was handed in, also by a threshold that is saved with it', async () => {
    const { check, looked } = await outcome(of('honest'))
    expect(check).toMatchObject({ status: 'pass', message: expect.stringContaining('makes all') })
    expect(looked.filter((text) => text.includes('saved model'))).toEqual([])
    expect((await outcome(of('decides'))).check).toMatchObject({ status: 'pass' })
  })

  it('passes by construction where the lab made them', async () => {
    const { check } = await outcome(of('made'))
    expect(check).toMatchObject({ status: 'pass', message: expect.stringContaining('The lab made') })
  })

  it('fails labels that were copied from the source, with the rows and what to do', async () => {
    const { check, looked } = await outcome(of('copied'))
    expect(check.status).toBe('fail')
    expect(check.message).toMatch(
      /\d+ of \d+ rows differ: c\d+ \(handed in (yes|no), the model says (no|yes)\)/,
    )
    expect(check.message).toContain('save the model that made the predictions')
    expect(looked.join()).toContain('does not make the test predictions')
    expect(looked.join()).toContain('is perfect on the sealed test set (accuracy')
  })

  it('tells a threshold of the script from other predictions', async () => {
    const { check } = await outcome(of('threshold'))
    expect(check).toMatchObject({ status: 'fail', message: expect.stringContaining('a threshold') })
    expect(check.message).toContain('FixedThresholdClassifier')
    expect(check.message).toContain('predict="train.py:predict"')
  })

  it('fails a model that holds its answers in the order of the rows', async () => {
    const { check } = await outcome(of('by-place'))
    expect(check).toMatchObject({ status: 'fail', message: expect.stringContaining('in another order') })
  })

  it('keeps the source closed to a model that looks there for its answers', async () => {
    const { check } = await outcome(of('by-source'))
    expect(check).toMatchObject({
      status: 'missing',
      message: expect.stringContaining('opens source.csv, which holds answers'),
    })
  })

  it('says in its words why a model cannot be loaded clean', async () => {
    const { check } = await outcome(of('own'))
    expect(check).toMatchObject({
      status: 'missing',
      message: expect.stringContaining('model_not_reproducible'),
    })
    expect(check.message).toContain('own.py, which trains at its top level')
    expect(check.message).not.toContain(product.base)
    // Asked again it would say the same.
    expect(check.next).toMatchObject({ tool: 'run_experiment', arguments: { increment: '0001' } })
  })

  it('fails a model that was replaced since', async () => {
    const run = of('honest')
    expect((await judged(run)).check.status).toBe('pass')
    const file = join(product.folder(run), 'model.joblib')
    const kept = readFileSync(file)
    writeFileSync(file, readFileSync(join(product.folder(of('made')), 'model.joblib')))
    expect((await judged(run)).check).toMatchObject({
      status: 'fail',
      message: expect.stringContaining('no longer the file that the run recorded'),
    })
    // Asked again, the other model does not make them either.
    expect((await look(run)).warnings.join()).toContain('rows differ')
    writeFileSync(file, kept)
    expect(await look(run)).toMatchObject({ repeated: true })
    expect((await judged(run)).check.status).toBe('pass')
  })

  it('names predictions that are those of another run, in whatever order', async () => {
    const [header, ...rows] = readFileSync(predictions('honest'), 'utf8').trimEnd().split('\n')
    writeFileSync(predictions('made'), `${[header, ...rows.reverse()].join('\n')}\n`)
    const named = `the test predictions of ${of('made')} are, row for row, those of ${of('honest')}, though they are other commands`
    expect((await judged(of('honest'))).warnings.join()).toContain('row for row')
    expect((await look(of('made'))).warnings.join()).toContain(named)
    expect((await judged(of('decides'))).warnings.join()).not.toContain(of('made'))
  })

  it('names predictions that are older than the registration of the data', async () => {
    const yesterday = new Date(Date.now() - 86_400_000)
    expect((await judged(of('decides'))).warnings.join()).not.toContain('before its data was registered')
    utimesSync(predictions('decides'), yesterday, yesterday)
    expect((await judged(of('decides'))).warnings.join()).toContain('before its data was registered')
  })

  it('gives up in words where a model takes too long, and asks again', async () => {
    writeFileSync(
      predictions('decides'),
      readFileSync(predictions('decides'), 'utf8').replaceAll('\n', '\r\n'),
    )
    await product.restart({ SPECWEAVE_PREDICT_TIMEOUT_S: '0.01' })
    expect((await outcome(of('decides'))).check).toMatchObject({
      status: 'missing',
      message: expect.stringContaining('took longer than 0.01 s'),
    })
    await product.restart()
    expect((await outcome(of('decides'))).check.status).toBe('pass')
  })
})
