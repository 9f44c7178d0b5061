import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PROGRAM } from '../hosts/mcp-client.ts'
import { NO_LAB, Product, type ShownRun } from './product.ts'

const SCHEMA = '.specweave/increments/0001-churn-model/data/schema.yaml'
const VERSION = '.specweave/datasets/churn/v1'
const CHURN = {
  name: 'churn',
  source: 'data/churn.csv',
  target: 'churned',
  problem_type: 'classification',
  id_column: 'customer',
  increment: '0001',
}

/** Hands in what the split's rows say in the first feature, and a constant for test. */
const TRAIN = `
import csv, os, sys
if len(sys.argv) > 1:
    path = os.environ["SPECWEAVE_VALIDATION"]
    with open(path) as file:
        text = file.read()
    with open(path, "w") as file:
        file.write(text.replace(",yes", ",no"))
folder = os.path.join(os.environ["SPECWEAVE_RUN_DIR"], "predictions")
os.makedirs(folder, exist_ok=True)
for split in ("validation", "test"):
    with open(os.environ["SPECWEAVE_" + split.upper()]) as file, open(os.path.join(folder, split + ".csv"), "w") as out:
        out.write("row_id,prediction\\n")
        for row in csv.DictReader(file):
            out.write(row["row_id"] + "," + ("yes" if int(row["calls"]) > 40 else "no") + "\\n")
`

describe.skipIf(NO_LAB)('the data of a run is as it was registered, and keeps to its schema', () => {
  let product: Product
  let generated: string
  beforeAll(async () => {
    product = new Product('id: run-data\ninterpreter: lab\n')
    const rows = Array.from(
      { length: 300 },
      (_, i) => `c${i},${(i * 37) % 90},${(i * 7919) % 11 > 4 ? 'yes' : 'no'}`,
    )
    product.write('data/churn.csv', `customer,calls,churned\n${rows.join('\n')}\n`)
    product.write('train.py', TRAIN)
    await product.call('create_increment', {
      title: 'churn model',
      problem_type: 'classification',
      success_metrics: ['accuracy > 0.8'],
    })
    await product.call('register_dataset', CHURN)
    generated = product.read(SCHEMA)
  })
  afterAll(() => product.dispose())

  let runs = 0
  const run = (...argv: string[]): Promise<ShownRun> => {
    const command = ['python', ...(argv.length > 0 ? argv : ['-c', 'print("started")'])]
    return product.run({ increment: '0001', name: `run-${++runs}`, command, again: true })
  }
  const tampers = () =>
    readdirSync(join(product.root, '.specweave/ledger'))
      .filter((name) => name.endsWith('.jsonl'))
      .flatMap((name) => product.read(`.specweave/ledger/${name}`).trim().split('\n'))
      .map((line) => JSON.parse(line) as { event: string; data: Record<string, unknown> })
      .filter(({ event }) => event === 'tamper.seen')
      .map(({ data }) => data)
  const verify = (...flags: string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, 'verify', ...flags], {
      cwd: product.root,
      env: product.env,
      encoding: 'utf8',
    })
    return { status, stdout, stderr }
  }
  const registered = async () => {
    const { checks } = await product.call('validate_increment', { increment: '0001' })
    return checks.find(({ id }: { id: string }) => id === 'dataset.registered')
  }

  it('a run starts where nothing was changed; a generated schema asks for nothing', async () => {
    const ran = await run('train.py')
    expect(ran).toMatchObject({ state: 'succeeded' })
    expect(ran.warnings.join()).not.toMatch(/schema/)
    expect(tampers()).toEqual([])
    expect((await registered()).status).toBe('pass')
  })

  it('an edited schema that the rows break fails the run, with file, column and rows', async () => {
    product.write(SCHEMA, generated.replace('dtype: float64', 'dtype: int64\n    less_than: 80'))
    const ran = await run()
    expect(ran.state).toBe('failed')
    expect(ran.reason).toMatch(
      /^the data breaks \S+data\/schema\.yaml\. train\.csv, "calls": \d+ rows break less_than 80: row \d+ \("8\d"\)/,
    )
    expect(ran.reason).toMatch(/validation\.csv, "calls".*test\.csv, "calls"/)
    expect(ran.reason).toContain('Correct the schema, or register data that keeps to it.')
    expect(ran.logs.stdout).toEqual([])
    // The data is no other than it was.
    expect(tampers()).toEqual([])
  })

  it('one that they keep to lets it start, though the test file has no target, and is asked once', async () => {
    product.write(SCHEMA, generated.replace('dtype: float64', 'dtype: int64\n    less_than: 90'))
    const first = await run()
    expect(first).toMatchObject({ state: 'succeeded' })
    expect(first.warnings.join()).not.toContain('schema')
    const schemas = () =>
      readdirSync(join(product.state, 'checked')).filter((name) => name.startsWith('schema-'))
    expect(schemas()).toHaveLength(2)
    const before = schemas().map((name) => statSync(join(product.state, 'checked', name)).mtimeMs)
    expect(await run()).toMatchObject({ state: 'succeeded' })
    expect(schemas().map((name) => statSync(join(product.state, 'checked', name)).mtimeMs)).toEqual(before)
  })

  it('one that cannot be read fails the run: no rule is passed over', async () => {
    product.write(SCHEMA, generated.replace('dtype: float64', 'dtype: float64\n    checks: {is_lucky: 7}'))
    const ran = await run()
    expect(ran.state).toBe('failed')
    expect(ran.reason).toMatch(/columns\.calls\.checks\.is_lucky is no check that is known here/)
    product.write(SCHEMA, generated)
  })

  it('an edited split file starts nothing, is one event of the ledger, and fails verify and the gate', async () => {
    const file = join(product.root, VERSION, 'train.csv')
    const [before, { atime, mtime }] = [readFileSync(file, 'utf8'), statSync(file)]
    // Of the same length, with the times put back.
    writeFileSync(
      file,
      before.replace(/,(yes|no )\n/, (_, label) => (label === 'yes' ? ',YES\n' : ',NO\n')),
    )
    utimesSync(file, atime, mtime)
    for (const ran of [await run(), await run()]) {
      expect(ran.state).toBe('failed')
      expect(ran.reason).toMatch(
        /the data was changed since churn@1 was registered: \S+train\.csv \(SHA-256 [0-9a-f]{12}\.\.\., registered [0-9a-f]{12}\.\.\.\)/,
      )
      expect(ran.logs.stdout).toEqual([])
    }
    expect(tampers()).toMatchObject([{ what: 'split_file', dataset: 'churn@1', split: 'train' }])
    const seen = verify()
    expect(seen.status).toBe(1)
    expect(seen.stderr).toMatch(/the train file of churn@1 was seen changed at \S+Z .*and still is/)
    expect(await registered()).toMatchObject({
      status: 'fail',
      message: expect.stringContaining('the train file of churn@1 was seen changed'),
    })
    // What the message says to do makes it as it was; that it was changed stays told.
    rmSync(file)
    await product.call('register_dataset', CHURN)
    expect(readFileSync(file, 'utf8')).toBe(before)
    expect(await run()).toMatchObject({ state: 'succeeded' })
    expect(verify()).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/the train file of churn@1 was seen changed .*now it is as registered/),
    })
    expect(JSON.parse(verify('--json').stdout)).toMatchObject({ tampers: [{ now: 'restored' }] })
    expect((await registered()).status).toBe('pass')
  })

  it('an edited file and dataset.json that agree do not agree with the ledger', async () => {
    const { createHash } = await import('node:crypto')
    const file = join(product.root, VERSION, 'validation.csv')
    const [rows, record] = [readFileSync(file, 'utf8'), product.read(`${VERSION}/dataset.json`)]
    const edited = rows.replace(',yes\n', ',no\n')
    const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
    writeFileSync(file, edited)
    product.write(`${VERSION}/dataset.json`, record.replace(sha256(rows), sha256(edited)))
    const ran = await run()
    expect(ran.state).toBe('failed')
    expect(ran.reason).toContain('dataset.json was changed: it names other split files than the ledger holds')
    expect(tampers()[1]).toMatchObject({ what: 'dataset_record', split: 'validation' })
    writeFileSync(file, rows)
    product.write(`${VERSION}/dataset.json`, record)
    expect((await registered()).status).toBe('pass')
  })

  it('rows that the script itself changed are not measured on, and its run is told', async () => {
    const file = join(product.root, VERSION, 'validation.csv')
    const before = readFileSync(file, 'utf8')
    const ran = await run('train.py', 'spoil')
    expect(ran.state).toBe('succeeded')
    expect(ran.warnings.join()).toContain('validation.csv of churn@1 is not what was registered')
    expect(ran.metrics).toEqual([])
    expect(tampers().at(-1)).toMatchObject({ what: 'split_file', split: 'validation' })
    writeFileSync(file, before)
  })

  it('edited labels in the vault are refused by a look, which is told in the ledger', async () => {
    const [hash = ''] = readdirSync(join(product.state, 'vault'))
    const vault = join(product.state, 'vault', hash, 'test.csv')
    const sealed = readFileSync(vault, 'utf8')
    writeFileSync(vault, sealed.replaceAll(',no', ',yes'))
    const refused = await product.refusal('evaluate_run', { run: '0001/exp-001-run-1', split: 'test' })
    expect(refused.code).toBe('VAULT_MISSING')
    expect(tampers().at(-1)).toMatchObject({ what: 'sealed_labels', dataset: 'churn@1', split: 'test' })
    expect(verify().stderr).toContain('the sealed labels of churn@1 were seen changed')
    expect((await registered()).status).toBe('fail')
    await product.call('register_dataset', CHURN)
    expect(readFileSync(vault, 'utf8')).toBe(sealed)
    expect((await registered()).status).toBe('pass')
    const { look } = await product.call('evaluate_run', { run: '0001/exp-001-run-1', split: 'test' })
    expect(look.used).toBe(1)
  })
})
