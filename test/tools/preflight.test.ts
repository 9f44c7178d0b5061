import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { NO_LAB, Product, type ShownRun } from './product.ts'

const CHURN = resolve(import.meta.dirname, '../../examples/churn/churn.csv')
const ROWS = 1500

interface Part {
  check: string
  status: string
  seconds: number
  message: string
}
interface Preflighted extends ShownRun {
  preflight: { outcome: string; checks: Part[] }
}

/** By the SDK; it trains on what it is given and says how much that was. */
const TRAIN = `
import json, os
import specweave
from sklearn.tree import DecisionTreeClassifier

ds = specweave.load_dataset()
number = lambda split: split.features.select_dtypes("number")
model = DecisionTreeClassifier(max_depth=5, random_state=0).fit(number(ds.train), ds.train.target)
with specweave.track_experiment("tree") as exp:
    exp.log_metric("rows", len(ds.train))
    exp.log_metric("smoke", int(os.environ.get("SPECWEAVE_SMOKE", "0")))
    for split in (ds.validation, ds.test):
        exp.save_predictions(split.name, model.predict(number(split)), y_score=model.predict_proba(number(split)),
                             classes=model.classes_)
with specweave.track_experiment("second") as other:
    other.log_metric("x", 1)
with open("trained.log", "a") as log:
    log.write(f"{len(ds.train)} {os.environ['SPECWEAVE_RUN_DIR'].count('.preflight')}\\n")
`

/** Without the SDK, by paths in its arguments; the last row of validation is forgotten. */
const ONE_SHORT = `
import sys
import pandas as pd
held = pd.read_csv(sys.argv[1])
held["prediction"] = "no"
open("short.log", "a").write("trained\\n")
held[["row_id", "prediction"]][:-1].to_csv(sys.argv[2] + "/predictions/validation.csv", index=False)
`

/** Its last line saves to a folder that is not there. */
const LAST_LINE = `
import os, sys
print("training")
open("last.log", "a").write("trained\\n")
print("api_key=abcdef123456", file=sys.stderr)
open("models/final.bin", "wb").write(b"x")
`

describe.skipIf(NO_LAB)('a preflight', () => {
  let product: Product
  const run = async (name: string, command: string[], more: object = {}): Promise<Preflighted> =>
    (await product.run({ increment: '0001', name, command, preflight: true, ...more })) as Preflighted
  const part = (shown: Preflighted, check: string): Part | undefined =>
    shown.preflight.checks.find((one) => one.check === check)
  const log = (name: string): string[] =>
    existsSync(join(product.root, name)) ? product.read(name).trim().split('\n') : []

  beforeAll(async () => {
    product = new Product('id: preflight\ninterpreter: lab\n')
    const lines = readFileSync(CHURN, 'utf8')
      .split('\n')
      .slice(0, ROWS + 1)
    product.write('churn.csv', `${lines.join('\n')}\n`)
    product.write('train.py', TRAIN)
    product.write('one_short.py', ONE_SHORT)
    product.write('last_line.py', LAST_LINE)
    product.write('lacking.py', 'import os\nimport ours\nopen("lacking.log", "a").write("ran")\n')
    product.write(
      'ours.py',
      'try:\n    import no_such_optional\nexcept ImportError:\n    pass\nimport no_such_package.part\n',
    )
    await product.call('create_increment', {
      title: 'churn model',
      problem_type: 'classification',
      success_metrics: ['roc_auc >= 0.75'],
    })
    await product.call('register_dataset', {
      name: 'churn',
      source: 'churn.csv',
      target: 'churn',
      problem_type: 'classification',
      increment: '0001',
    })
  })
  afterAll(() => product?.dispose())

  it('tells a module that is missing, and runs nothing of the script', async () => {
    const shown = await run('lacking', ['python', 'lacking.py'])
    expect(shown).toMatchObject({ state: 'failed', preflight: { outcome: 'failed' } })
    expect(shown.reason).toMatch(/^preflight: imports: .*no_such_package\.part \(ours\.py, line 5\)/)
    expect(shown.reason).not.toContain('no_such_optional')
    expect(shown.preflight.checks.map(({ check }) => check)).toEqual(['interpreter', 'imports'])
    expect(log('lacking.log')).toEqual([])
  })

  it('fails a script that dies in its last line before its training, with its last words', async () => {
    const shown = await run('last', ['python', 'last_line.py'], { params: { depth: 2 } })
    expect(shown).toMatchObject({ state: 'failed', preflight: { outcome: 'failed' } })
    expect(shown.reason).toMatch(/^preflight: smoke: the smoke run failed: exit code 1\./)
    expect(shown.reason).toContain(
      "FileNotFoundError: [Errno 2] No such file or directory: 'models/final.bin'",
    )
    expect(shown.reason).toContain('preflight: false')
    expect(shown.reason).not.toContain('abcdef123456')
    // The smoke run, and no other.
    expect(log('last.log')).toEqual(['trained'])
  })

  it('fails a script that hands in too few predictions', async () => {
    const shown = await run('short', ['python', 'one_short.py', '{validation}', '{run_dir}'])
    expect(shown).toMatchObject({ state: 'failed' })
    expect(shown.reason).toMatch(/smoke: .*validation: 1 of \d+ rows of the split are missing/)
    expect(log('short.log')).toEqual(['trained'])
  })

  it('lets a good script train on all rows, and leaves nothing of the smoke run', async () => {
    const metrics = 'history.csv'
    product.write(
      'train.py',
      `${TRAIN}open("${metrics}", "a").write("step,loss\\n1,%d\\n" % len(ds.train))\n`,
    )
    const shown = await run('tree', ['python', 'train.py'], { metrics_from: [{ path: metrics }] })
    expect(shown).toMatchObject({ state: 'succeeded', preflight: { outcome: 'passed' } })
    expect(shown.preflight.checks.map(({ check, status }) => `${check} ${status}`)).toEqual(
      ['interpreter', 'imports', 'data', 'outputs', 'space', 'smoke'].map((check) => `${check} pass`),
    )
    expect(part(shown, 'smoke')?.message).toContain('predictions for validation, test have the right form')
    const { splits } = JSON.parse(product.read('.specweave/datasets/churn/v1/dataset.json'))
    expect(log('trained.log')).toEqual([expect.stringMatching(/^20\d 1$/), `${splits.train.rows} 0`])
    const evidence = JSON.parse(readFileSync(join(product.folder(shown.run), 'evidence.json'), 'utf8'))
    expect(evidence.splits.validation.rows).toBe(splits.validation.rows)
    const reported = shown.metrics.filter(({ source }) => source === 'reported')
    expect(reported.find(({ name }) => name === 'smoke')?.value).toBe(0)
    expect(log(metrics)).toEqual(['step,loss', `1,${splits.train.rows}`])
    expect(readdirSync(product.folder(shown.run))).not.toContain('.preflight')
    // The script's second run is one, of the run itself.
    const { runs } = await product.call('list_runs', { increment: '0001' })
    expect(runs.map(({ run }: ShownRun) => run.split('/')[1]).sort()).toEqual([
      'exp-001-lacking',
      'exp-002-last',
      'exp-003-short',
      'exp-004-tree',
      'exp-005-second',
    ])
    const ledger = readdirSync(join(product.root, '.specweave/ledger')).map((name) =>
      product.read(`.specweave/ledger/${name}`),
    )
    expect(ledger.join('').match(/"event":"evidence\.recorded"/g)).toHaveLength(1)
  })

  it('answers the same request by the run that passed, with or without a preflight', async () => {
    for (const preflight of [true, false, undefined]) {
      const again = await product.call<ShownRun>('run_experiment', {
        increment: '0001',
        name: 'tree',
        command: ['python', 'train.py'],
        metrics_from: [{ path: 'history.csv' }],
        preflight,
      })
      expect(again).toMatchObject({ run: '0001/exp-004-tree', reused: true })
    }
  })

  it('is made by itself where a long run is expected, and turned off by the caller', async () => {
    const command = ['python', '-c', 'import no_such_package']
    const long = { increment: '0001', name: 'long', command, timeout_s: 3600 }
    const itself = await product.run(long)
    expect(itself.reason).toContain('preflight: imports')
    const off = await product.run({ ...long, name: 'off', preflight: false })
    expect(off.reason).toContain('exit code 1')
    const short = await product.run({ ...long, name: 'brief', timeout_s: 3599 })
    expect(short.reason).toContain('exit code 1')
  })

  it('tells a split that is not what was registered', async () => {
    const file = '.specweave/datasets/churn/v1/train.csv'
    const text = product.read(file)
    product.write(file, text.slice(0, text.lastIndexOf('\n', text.length - 2) + 1))
    const shown = await run('cut', ['python', 'train.py'], { again: true })
    expect(shown.reason).toMatch(/^preflight: data: train\.csv of churn@1 is not what was registered/)
    product.write(file, text)
  })
})
