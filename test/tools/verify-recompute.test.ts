import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join, resolve } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { closeLab } from '../../src/adapters/lab/process.ts'
import { type Evidence, splitEvidenceSha256 } from '../../src/evidence/evidence-file.ts'
import { appendEvent, readLedger } from '../../src/evidence/ledger.ts'
import { openWorkspace } from '../../src/store/workspace.ts'
import { type Clone, Clones, edit } from './clone.ts'
import { git } from './git.ts'
import { evidenceIn, type JudgedWorkspace, judgedWorkspace } from './judged-workspace.ts'
import { NO_LAB } from './product.ts'

const ROOT = resolve(import.meta.dirname, '../..')

describe.skipIf(NO_LAB)(`verify --recompute (${NO_LAB ?? 'with the lab'})`, () => {
  let made: JudgedWorkspace
  const clones = new Clones()
  beforeAll(async () => {
    made = await judgedWorkspace()
  })
  afterAll(() => clones.remove())
  afterAll(closeLab)
  afterEach(() => void vi.unstubAllEnvs())

  const clone = (): Clone => clones.of(made.product.root)

  it('commits the predictions that the verdict read, and those alone', () => {
    const { product, candidate, baselines, other } = made
    const files = git(product.root, 'ls-files', '.specweave').split('\n')
    const predictions = files.filter((file) => file.includes('/predictions/'))
    const expected = [candidate, ...baselines].flatMap((run) =>
      Object.keys(evidenceIn(product.folder(run)).splits).map(
        (split) => `${run.split('/')[1]}/predictions/${split}.csv.gz`,
      ),
    )
    expect(predictions.map((file) => file.split('/').slice(-3).join('/')).sort()).toEqual(expected.sort())
    expect(predictions.join()).not.toContain(other.split('/')[1])
    const file = join(product.folder(candidate), 'predictions/test.csv')
    const packed = readFileSync(`${file}.gz`)
    expect(gunzipSync(packed)).toEqual(readFileSync(file))
    // No time, no name, no system: the CSV alone decides.
    expect([...packed.subarray(3, 8), packed[9]]).toEqual([0, 0, 0, 0, 0, 255])
    const gate = readLedger(openWorkspace(product.root)).lines.findLast(
      ({ event }) => event === 'gate.decided',
    )
    expect(gate?.data.predictions).toContainEqual({
      run: candidate,
      split: 'test',
      sha256: createHash('sha256').update(readFileSync(file)).digest('hex'),
      gzip_bytes: packed.length,
    })
  })

  it('answers as JSON, and again from the labels that it made', () => {
    const place = clone()
    for (const made of [['labels', 'train', 'validation', 'test'], []]) {
      const { code, stdout, stderr } = place.verify('--recompute', '--increment', '0001', '--json')
      expect([code, stderr]).toEqual([0, ''])
      expect(JSON.parse(stdout)).toMatchObject({
        proven: true,
        changed_evidence: [],
        recomputed: { proven: true, datasets: [{ dataset: 'churn@1', made, problems: [] }] },
      })
    }
  })

  it('proves the workspace itself, and leaves it as it is', () => {
    const { product } = made
    const before = product.tree()
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [resolve(ROOT, 'dist/main.js'), 'verify', '--recompute'],
      { cwd: product.root, env: product.env, encoding: 'utf8' },
    )
    expect([status, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/^Going through \d+ runs: what they handed in is scored again\.$/m)
    expect(stdout).toContain('the sealed labels are on this machine')
    expect(stdout).toContain(`${made.other} validation: `)
    expect(product.tree()).toEqual(before)
  })

  it('says so where a prediction was edited', async () => {
    const place = clone()
    const file = join(place.folder(made.candidate), 'predictions/test.csv.gz')
    const lines = gunzipSync(readFileSync(file)).toString().split('\n')
    lines[1] = (lines[1] ?? '').replace(/,(yes|no)/, (_, was) => (was === 'yes' ? ',no' : ',yes'))
    writeFileSync(file, gzipSync(lines.join('\n')))
    const { code, stderr } = await place.recompute()
    expect(code).toBe(1)
    expect(stderr).toMatch(
      /boosting test: predictions\/test\.csv\.gz was changed: .* and evidence\.json says [0-9a-f]{12}\.\.\./,
    )
  })

  it('says so where predictions are damaged or gone', async () => {
    const place = clone()
    const folder = join(place.folder(made.candidate), 'predictions')
    writeFileSync(join(folder, 'test.csv.gz'), readFileSync(join(folder, 'test.csv.gz')).subarray(0, 200))
    rmSync(join(folder, 'validation.csv.gz'))
    const { code, stderr } = await place.recompute()
    expect(code).toBe(1)
    expect(stderr).toContain('boosting test: test.csv.gz is damaged')
    expect(stderr).toContain(
      'boosting validation: predictions/validation.csv.gz is missing: the verdict read it',
    )
  })

  it('says so where a number in evidence.json was edited', async () => {
    const place = clone()
    const value = raise(place.folder(made.candidate))
    const { code, stderr } = await place.recompute()
    expect(code).toBe(1)
    expect(stderr).toMatch(/evidence\.json: its numbers are not those that the ledger holds/)
    expect(stderr).toContain(
      `boosting test: roc_auc: 0.999 stands in evidence.json, and the predictions give ${value}`,
    )
  })

  it('says so where the edit was signed into the ledger with a key of its own', async () => {
    const place = clone()
    const folder = place.folder(made.candidate)
    const value = raise(folder)
    const forged = evidenceIn(folder)
    // That says what was measured.
    rmSync(join(folder, 'metrics.json'))
    vi.stubEnv('SPECWEAVE_STATE_DIR', join(place.state, 'forger'))
    await appendEvent(openWorkspace(place.root), 'evidence.recorded', {
      run: forged.run,
      dataset_hash: forged.dataset_hash,
      splits: { test: splitEvidenceSha256(forged, 'test') },
    })
    // The ledger holds it; that no measurement gives such a value is a warning alone.
    expect(place.verify()).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/^warning: .* lies outside its own interval .*\n$/),
    })
    const { code, stderr } = await place.recompute()
    expect(code).toBe(1)
    expect(stderr).toContain(`roc_auc: 0.999 stands in evidence.json, and the predictions give ${value}`)
  })

  it('compares an interval that an older build computed by another method by its value alone, and says so', async () => {
    const place = clone()
    const folder = place.folder(made.candidate)
    vi.stubEnv('SPECWEAVE_STATE_DIR', join(place.state, 'older'))
    // It has the interval of the build that is here.
    rmSync(join(folder, 'metrics.json'))
    const record = (lab_sha256: string | undefined) => {
      const old = evidenceIn(made.product.folder(made.candidate))
      const test = old.splits.test as NonNullable<Evidence['splits']['test']>
      if (lab_sha256) test.lab_sha256 = lab_sha256
      for (const metric of test.metrics.filter(({ name }) => name === 'roc_auc')) {
        metric.ci_method = 'hanley_mcneil'
        metric.ci = [0.1, 1]
      }
      writeFileSync(join(folder, 'evidence.json'), JSON.stringify(old, null, 2))
      return appendEvent(openWorkspace(place.root), 'evidence.recorded', {
        run: old.run,
        dataset_hash: old.dataset_hash,
        splits: { test: splitEvidenceSha256(old, 'test') },
      })
    }
    await record('0'.repeat(64))
    const { code, stdout, stderr } = await place.recompute()
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(
      /^note: \S+boosting test: the interval of roc_auc was not compared, its value was: it was recorded by `hanley_mcneil`, and the lab that is here computes `\w+`$/m,
    )
    // The build that is here has one method for it.
    await record(undefined)
    expect((await place.recompute()).stderr).toMatch(
      /boosting test: the interval of roc_auc: \[0\.1,1\] stands in evidence\.json/,
    )
  })

  it('says so where a line of the ledger was edited or taken out', async () => {
    const place = clone()
    const [name = ''] = readdirSync(join(place.root, '.specweave/ledger')).filter((file) =>
      file.endsWith('.jsonl'),
    )
    const file = join(place.root, '.specweave/ledger', name)
    edit(file, (text) => text.replace('"budget":3', '"budget":9'))
    const edited = await place.recompute()
    expect(edited.code).toBe(1)
    expect(edited.stderr).toMatch(new RegExp(`ledger/${name}:\\d+: `))
    expect(edited.stderr).toContain('NOT PROVEN')
    git(place.root, 'checkout', '-q', '--', '.specweave/ledger')
    edit(file, (text) => text.replace(/^.*"gate\.decided".*\n/gm, ''))
    expect(await place.recompute()).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('0001: it is completed, and the ledger holds no verdict of it'),
    })
  })

  it('says so where the source data was edited or is gone, and takes it from elsewhere', async () => {
    const place = clone()
    const source = join(place.root, 'churn/churn.csv')
    const text = readFileSync(source, 'utf8')
    appendFileSync(source, `${text.trimEnd().split('\n').at(-1)}\n`)
    const edited = await place.recompute()
    expect(edited.code).toBe(1)
    expect(edited.stderr).toMatch(
      /churn@1: The source data was changed: churn\/churn\.csv has SHA-256 [0-9a-f]{12}\.\.\., and churn@1 was registered from/,
    )
    rmSync(source)
    const gone = await place.recompute()
    expect(gone.code).toBe(1)
    expect(gone.stderr).toContain('The source of churn@1 is not in this clone (churn/churn.csv')
    expect(existsSync(join(place.state, 'vault'))).toBe(false)
    const elsewhere = join(place.root, '../elsewhere.csv')
    writeFileSync(elsewhere, text)
    expect(await place.recompute('--source', `churn=${elsewhere}`)).toMatchObject({
      code: 0,
      stderr: '',
    })
  })

  it.each([
    [
      'its hash',
      (text: string) => text.replace(/"hash": "../, '"hash": "00'),
      /its hash is 00.*the ledger registered/,
    ],
    [
      'a split',
      (text: string) => text.replace('"seed": 0', '"seed": 1'),
      /dataset\.json of churn@1 is not what its source gives.*: hash is .*columns differ in churn; split\.key/,
    ],
    [
      'the positive class',
      (text: string) => text.replace('"positive": "yes"', '"positive": "no"'),
      /positive is yes and dataset\.json says no/,
    ],
    [
      'the hash of the labels',
      (text: string) => text.replace(/"labels_sha256": "../, '"labels_sha256": "00'),
      /splits\.test\.labels_sha256 is 00.*, and the ledger registered/,
    ],
  ])('says so where dataset.json was edited: %s', async (_what, change, message) => {
    const place = clone()
    edit(join(place.root, '.specweave/datasets/churn/v1/dataset.json'), change)
    const { code, stderr } = await place.recompute()
    expect(code).toBe(1)
    expect(stderr).toMatch(message)
    expect(existsSync(join(place.state, 'vault'))).toBe(false)
  })

  it('scores nothing on test that was never looked at', async () => {
    const place = clone()
    const folder = place.folder(made.other)
    // Somebody types test numbers for new predictions, to learn from the message what they are.
    const typed = evidenceIn(folder)
    const text = gunzipSync(
      readFileSync(join(place.folder(made.candidate), 'predictions/test.csv.gz')),
    ).toString()
    const lines = text.split('\n')
    lines[1] = (lines[1] ?? '').replace(/,(yes|no)/, (_, was) => (was === 'yes' ? ',no' : ',yes'))
    const predictions = lines.join('\n')
    mkdirSync(join(folder, 'predictions'), { recursive: true })
    writeFileSync(join(folder, 'predictions/test.csv'), predictions)
    const entry = evidenceIn(place.folder(made.candidate)).splits.test
    typed.splits.test = {
      ...(entry as NonNullable<typeof entry>),
      predictions_sha256: createHash('sha256').update(predictions).digest('hex'),
    }
    writeFileSync(join(folder, 'evidence.json'), JSON.stringify(typed))
    const { code, stderr } = await place.recompute()
    expect(code).toBe(1)
    expect(stderr).toContain(
      `${made.other} test: evidence.json has numbers for test, and the ledger holds no look`,
    )
    expect(stderr).not.toContain('the predictions give')
  })

  it('refuses flags that do not go together, and knows --help', () => {
    const place = clone()
    expect(place.verify('--increment', '0001')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('belong to --recompute'),
    })
    expect(place.verify('--recompute', '--source', 'churn.csv')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('churn=/data/churn.csv'),
    })
    expect(place.verify('--recompute', '--increment', '0009').code).toBe(1)
    expect(place.verify('--help').stdout).toMatch(/--recompute {2}score.*Examples:.*verify --recompute/s)
  })

  /** Raises roc_auc on test to 0.999. @returns what it was */
  function raise(folder: string): number {
    const changed = evidenceIn(folder)
    const metric = changed.splits.test?.metrics.find(({ name }) => name === 'roc_auc')
    if (!metric) throw new Error('no roc_auc')
    const value = metric.value as number
    metric.value = 0.999
    writeFileSync(join(folder, 'evidence.json'), JSON.stringify(changed, null, 2))
    return value
  }
})
