import { readdirSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { NO_LAB, Product, type ShownRun } from './product.ts'

/** Hands in predictions by a rule, in a module: the script itself names nothing of the lab's. */
const PIPELINE = `
import csv, os
folder = os.path.join(os.environ["SPECWEAVE_RUN_DIR"], "predictions")
def rows(split):
    with open(os.environ["SPECWEAVE_" + split]) as file:
        return list(csv.DictReader(file))
def hand_in():
    # What SPECWEAVE_TRAIN holds is not needed by a rule.
    os.makedirs(folder, exist_ok=True)
    for split in ("VALIDATION", "TEST"):
        with open(os.path.join(folder, split.lower() + ".csv"), "w") as out:
            out.write("row_id,prediction\\n")
            for row in rows(split):
                out.write(f"{row['row_id']},{'yes' if int(row['calls']) + int(row['minutes']) > 88 else 'no'}\\n")
`

/** All columns of the source but its ids, and a line that it has not. */
const CUT = `
lines = [line.split(",", 1)[1] for line in open("data/churn.csv")]
open("cut.csv", "w").writelines(lines[:-1] + ["1,2,no\\n"])
`

const READ_CUT = `
import pipeline
open("cut.csv").read()
pipeline.hand_in()
`

const FEATURES = `
import pipeline
with open("features.txt", "w") as out:
    out.write("calls;minutes\\n")
    for split in ("TRAIN", "VALIDATION", "TEST"):
        for row in pipeline.rows(split):
            out.write(f"{row['calls']};{row['minutes']}\\n")
open("features.txt").read()
pipeline.hand_in()
`

const PICKLED = `
import pickle
rows = [line.strip().split(",")[1:] for line in open("cut.csv")]
pickle.dump(rows, open("rows.pkl", "wb"))
`

/** A copy in a database, and one that is not to be loaded. */
const READ_DATABASE = `
import pickle, pipeline, sqlite3
pickle.load(open("rows.pkl", "rb"))
connection = sqlite3.connect("rows.sqlite")
connection.execute("SELECT * FROM cut").fetchall()
pipeline.hand_in()
`

const DATABASE = `
import sqlite3
lines = [line.strip().split(",") for line in open("cut.csv")][1:]
connection = sqlite3.connect("rows.sqlite")
connection.execute("CREATE TABLE cut (calls, minutes, churned)")
connection.executemany("INSERT INTO cut VALUES (?, ?, ?)", lines)
connection.commit()
`

describe.skipIf(NO_LAB)('files that a judged run was seen to read, looked through for test rows', () => {
  let product: Product
  let features: ShownRun
  const attempt = async (name: string, script: string): Promise<ShownRun> => {
    product.write(`${name}.py`, script)
    return product.run({ increment: '0001', name, command: ['python', `${name}.py`] })
  }
  const look = async ({ run }: ShownRun): Promise<{ warnings: string[]; next: { why: string }[] }> =>
    product.call('evaluate_run', { run, split: 'test' })
  const judged = async ({ run }: ShownRun) => {
    const spec = '.specweave/increments/0001-churn-model/spec.md'
    product.write(spec, product.read(spec).replace(/^( *candidate:).*$/m, `$1 ${run}`))
    const { checks } = await product.call('validate_increment', { increment: '0001' })
    return checks.find(({ id }: { id: string }) => id === 'candidate.reads')
  }
  const searched = (): { data: { files: { path: string; found: number; answers: boolean }[] } }[] => {
    const folder = '.specweave/ledger'
    const name = readdirSync(`${product.root}/${folder}`).find((one) => one.endsWith('.jsonl'))!
    const lines = product.read(`${folder}/${name}`).trim().split('\n')
    return lines.map((line) => JSON.parse(line)).filter(({ event }) => event === 'reads.searched')
  }

  beforeAll(async () => {
    product = new Product('id: searched\ninterpreter: lab\n')
    const rows = Array.from({ length: 500 }, (_, i) => {
      const [x, y] = [(i * 7919) % 101, (i * 104_729) % 53]
      return `c${i},${x},${y},${x + y + ((i * 31) % 23) > 88 ? 'yes' : 'no'}`
    })
    product.write('data/churn.csv', `customer,calls,minutes,churned\n${rows.join('\n')}\n`)
    product.write('pipeline.py', PIPELINE)
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
    await attempt('cut', CUT)
  })
  afterAll(() => product?.dispose())

  it('names a file of features alone and lets it pass, and queues the control by what a module says', async () => {
    features = await attempt('features', FEATURES)
    const run = features
    const before = await judged(run)
    expect(before).toMatchObject({ status: 'pass' })
    expect(before.message).toContain('1 of them were not looked through for rows of the test set (not done')
    const { warnings, next } = await look(run)
    expect(warnings.join()).not.toContain('was seen opening')
    expect(next.map(({ why }) => why)).toContain('the control on shuffled labels, queued')
    const { status, message } = await judged(run)
    expect(status).toBe('pass')
    expect(message).toMatch(/features\.txt, which holds \d+ of \d+ test rows of churn@1 .* features alone/)
    expect(message).not.toContain('not done')
  })

  it('fails a run that read a cut copy of the source, once it was looked at, and says so of the next at its end', async () => {
    const run = await attempt('greedy', READ_CUT)
    expect(run.warnings.join()).not.toContain('was seen opening')
    expect((await look(run)).warnings.join()).toMatch(
      /was seen opening cut\.csv, which holds \d+ of \d+ test rows of churn@1 that were looked up, with their labels/,
    )
    expect(await judged(run)).toMatchObject({
      status: 'fail',
      message: expect.stringContaining('was seen opening cut.csv, which holds'),
    })
    const [first, cut] = searched()
    expect(first?.data.files).toMatchObject([{ path: 'features.txt', answers: false }])
    expect(cut?.data.files).toMatchObject([{ path: 'cut.csv', answers: true }])
    // Each file once, and nothing of a single row.
    expect(await product.refusal('evaluate_run', { run: run.run, split: 'test' })).toMatchObject({
      code: 'RUN_NOT_JUDGEABLE',
    })
    await look(features)
    expect(searched()).toHaveLength(2)
    expect(JSON.stringify(cut)).not.toMatch(/\bc\d+"|\byes\b|row_id/)
    const again = await attempt('again', `${READ_CUT}\n# once more`)
    expect(again.warnings.join()).toContain('was seen opening cut.csv, which holds')
  })

  it('finds a copy in a database, and names the pickle that it does not load', async () => {
    await attempt('pickled', PICKLED)
    await attempt('database', DATABASE)
    const pickle = await attempt(
      'unpickle',
      'import pickle, pipeline\npickle.load(open("rows.pkl", "rb"))\npipeline.hand_in()\n',
    )
    expect((await look(pickle)).warnings.join()).toContain(
      '1 data file was not searched for rows of the test set: rows.pkl (pickle is never loaded)',
    )
    expect(await judged(pickle)).toMatchObject({
      status: 'pass',
      message: expect.stringMatching(/^warning, not blocking: 1 data file was not searched .*rows\.pkl/),
    })
    const run = await attempt('read_database', READ_DATABASE)
    expect((await look(run)).warnings.join()).toMatch(
      /was seen opening rows\.sqlite, which holds \d+ of \d+ test rows/,
    )
    expect(await judged(run)).toMatchObject({ status: 'fail' })
  })
})
