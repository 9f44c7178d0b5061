import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join, resolve } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { parse } from 'yaml'
// @ts-expect-error a script without types
import { node24Folder } from '../../scripts/node24.mjs'
import { type Evidence, splitEvidenceSha256 } from '../../src/evidence/evidence-file.ts'
import { appendEvent, readLedger } from '../../src/evidence/ledger.ts'
import { openWorkspace } from '../../src/store/workspace.ts'
import { fences } from '../docs/pages.ts'
import { Clone, git, type JudgedWorkspace, judgedWorkspace } from './judged-workspace.ts'
import { NO_LAB } from './product.ts'

const ROOT = resolve(import.meta.dirname, '../..')

describe.skipIf(NO_LAB)(`verify --recompute (${NO_LAB ?? 'with the lab'})`, () => {
  let made: JudgedWorkspace
  let clones = 0
  beforeAll(async () => {
    made = await judgedWorkspace()
    const { product } = made
    expect(await product.call('validate_increment', { increment: '0001' })).toMatchObject({
      verdict: 'pass',
      candidate: made.candidate,
    })
    await product.call('complete_increment', { increment: '0001' })
    await product.settled()
    git(product.root, 'add', '-A')
    git(product.root, 'commit', '-q', '-m', 'churn')
  })
  afterAll(() => made?.product.dispose())
  afterEach(() => void vi.unstubAllEnvs())

  const clone = (): Clone => new Clone(made.product.base, made.product.root, `clone-${++clones}`)
  const edit = (file: string, change: (text: string) => string): void => {
    const text = readFileSync(file, 'utf8')
    const changed = change(text)
    expect(changed).not.toBe(text)
    writeFileSync(file, changed)
  }
  const evidence = (folder: string): Evidence =>
    JSON.parse(readFileSync(join(folder, 'evidence.json'), 'utf8')) as Evidence

  it('commits the predictions that the verdict read, and those alone', () => {
    const { product, candidate, baselines, other } = made
    const files = git(product.root, 'ls-files', '.specweave').split('\n')
    const predictions = files.filter((file) => file.includes('/predictions/'))
    const expected = [candidate, ...baselines].flatMap((run) =>
      Object.keys(evidence(product.folder(run)).splits).map(
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

  it('proves a fresh clone by the steps of the guide, from the tarball alone', () => {
    const { root, env, state } = clone()
    const place = join(root, '..')
    mkdirSync(join(root, 'vendor'))
    execFileSync(
      'npm',
      ['pack', '--ignore-scripts', '--loglevel=error', '--pack-destination', join(root, 'vendor')],
      { cwd: ROOT },
    )
    const tarball = join('vendor', readdirSync(join(root, 'vendor'))[0] ?? '')
    const [block] = fences({
      path: 'ci.md',
      text: readFileSync(join(ROOT, 'docs/guides/ci.md'), 'utf8'),
    }).filter(({ language }) => language === 'yaml')
    const workflow = parse(block?.text ?? '') as {
      env: Record<string, string>
      jobs: { verify: { steps: { name?: string; run?: string }[] } }
    }
    expect(workflow.env.TARBALL).toBe(tarball)
    const sha256 = createHash('sha256')
      .update(readFileSync(join(root, tarball)))
      .digest('hex')
    const steps = workflow.jobs.verify.steps.filter(({ run }) => run)
    expect(steps.map(({ name }) => name)).toEqual([
      'Install specweave-ml by its hash',
      'Set up the lab',
      'Prove the evidence',
    ])
    const paths = join(place, 'github-path')
    writeFileSync(paths, '')
    const step = (run: string, hash: string) =>
      spawnSync('bash', ['-e', '-o', 'pipefail', '-c', run], {
        cwd: root,
        encoding: 'utf8',
        env: {
          ...env,
          PATH: [...readFileSync(paths, 'utf8').split('\n').filter(Boolean), node24Folder(), env.PATH].join(
            ':',
          ),
          RUNNER_TEMP: place,
          GITHUB_PATH: paths,
          TARBALL: tarball,
          TARBALL_SHA256: hash,
        },
      })
    const forged = step(steps[0]?.run ?? '', '0'.repeat(64))
    expect([forged.status, existsSync(join(place, 'specweave-ml'))]).toEqual([1, false])
    const said = steps.map(({ run = '' }) => {
      const { status, stdout, stderr } = step(run, sha256)
      expect(status, stdout + stderr).toBe(0)
      return stdout
    })
    const proof = said.at(-1)
    expect(proof).toContain('The ledger verifies.')
    expect(proof).toContain(
      'churn@1: labels, train, validation, test made again from churn/churn.csv; hash and splits are equal to dataset.json',
    )
    for (const split of ['train', 'validation', 'test'])
      expect(proof).toMatch(new RegExp(`${made.candidate} ${split}: \\d+ figures proven`))
    expect(proof).toMatch(/Proven: \d\d+ figures of 4 runs came out again/)
    expect(proof).toContain(`no verdict read it: ${made.other} train`)
    expect(git(root, 'status', '--porcelain', '.specweave')).toBe('')
    const labels = join(state, 'vault', readdirSync(join(state, 'vault'))[0] ?? '', 'test.csv')
    expect(statSync(labels).mode & 0o777).toBe(0o600)
    // No key was made, so nothing was or could be recorded.
    expect(existsSync(join(state, 'keys'))).toBe(false)
    expect(readdirSync(join(state, 'rebuild'))).toEqual([])
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

  it('says so where a prediction was edited', () => {
    const place = clone()
    const file = join(place.folder(made.candidate), 'predictions/test.csv.gz')
    const lines = gunzipSync(readFileSync(file)).toString().split('\n')
    lines[1] = (lines[1] ?? '').replace(/,(yes|no)/, (_, was) => (was === 'yes' ? ',no' : ',yes'))
    writeFileSync(file, gzipSync(lines.join('\n')))
    const { code, stderr } = place.verify('--recompute')
    expect(code).toBe(1)
    expect(stderr).toMatch(
      /boosting test: predictions\/test\.csv\.gz was changed: .* and evidence\.json says [0-9a-f]{12}\.\.\./,
    )
  })

  it('says so where predictions are damaged or gone', () => {
    const place = clone()
    const folder = join(place.folder(made.candidate), 'predictions')
    writeFileSync(join(folder, 'test.csv.gz'), readFileSync(join(folder, 'test.csv.gz')).subarray(0, 200))
    rmSync(join(folder, 'validation.csv.gz'))
    const { code, stderr } = place.verify('--recompute')
    expect(code).toBe(1)
    expect(stderr).toContain('boosting test: test.csv.gz is damaged')
    expect(stderr).toContain(
      'boosting validation: predictions/validation.csv.gz is missing: the verdict read it',
    )
  })

  it('says so where a run that the verdict read is not there, also without scoring anything again', () => {
    const place = clone()
    rmSync(place.folder(made.candidate), { recursive: true })
    const { code, stderr } = place.verify()
    expect(stderr).toContain(`${made.candidate}: the verdict of 0001 read it, and it is not in this clone`)
    expect(code).toBe(1)
  })

  it('says so where a number in evidence.json was edited', () => {
    const place = clone()
    const value = raise(place.folder(made.candidate))
    const { code, stderr } = place.verify('--recompute')
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
    const forged = evidence(folder)
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
    const { code, stderr } = place.verify('--recompute')
    expect(code).toBe(1)
    expect(stderr).toContain(`roc_auc: 0.999 stands in evidence.json, and the predictions give ${value}`)
  })

  it('compares an interval that an older build computed by another method by its value alone, and says so', async () => {
    const place = clone()
    const folder = place.folder(made.candidate)
    vi.stubEnv('SPECWEAVE_STATE_DIR', join(place.state, 'older'))
    const record = (lab_sha256: string | undefined) => {
      const old = evidence(made.product.folder(made.candidate))
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
    const { code, stdout, stderr } = place.verify('--recompute')
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(
      /^note: \S+boosting test: the interval of roc_auc was not compared, its value was: it was recorded by `hanley_mcneil`, and the lab that is here computes `\w+`$/m,
    )
    // The build that is here has one method for it.
    await record(undefined)
    expect(place.verify('--recompute').stderr).toMatch(
      /boosting test: the interval of roc_auc: \[0\.1,1\] stands in evidence\.json/,
    )
  })

  it('says so where a line of the ledger was edited or taken out', () => {
    const place = clone()
    const [name = ''] = readdirSync(join(place.root, '.specweave/ledger')).filter((file) =>
      file.endsWith('.jsonl'),
    )
    const file = join(place.root, '.specweave/ledger', name)
    edit(file, (text) => text.replace('"budget":3', '"budget":9'))
    const edited = place.verify('--recompute')
    expect(edited.code).toBe(1)
    expect(edited.stderr).toMatch(new RegExp(`ledger/${name}:\\d+: `))
    expect(edited.stderr).toContain('NOT PROVEN')
    git(place.root, 'checkout', '-q', '--', '.specweave/ledger')
    edit(file, (text) => text.replace(/^.*"gate\.decided".*\n/gm, ''))
    expect(place.verify('--recompute')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('0001: it is completed, and the ledger holds no verdict of it'),
    })
  })

  it('says so where the source data was edited or is gone, and takes it from elsewhere', () => {
    const place = clone()
    const source = join(place.root, 'churn/churn.csv')
    const text = readFileSync(source, 'utf8')
    appendFileSync(source, `${text.trimEnd().split('\n').at(-1)}\n`)
    const edited = place.verify('--recompute')
    expect(edited.code).toBe(1)
    expect(edited.stderr).toMatch(
      /churn@1: The source data was changed: churn\/churn\.csv has SHA-256 [0-9a-f]{12}\.\.\., and churn@1 was registered from/,
    )
    rmSync(source)
    const gone = place.verify('--recompute')
    expect(gone.code).toBe(1)
    expect(gone.stderr).toContain('The source of churn@1 is not in this clone (churn/churn.csv')
    expect(existsSync(join(place.state, 'vault'))).toBe(false)
    const elsewhere = join(place.root, '../elsewhere.csv')
    writeFileSync(elsewhere, text)
    expect(place.verify('--recompute', '--source', `churn=${elsewhere}`)).toMatchObject({
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
  ])('says so where dataset.json was edited: %s', (_what, change, message) => {
    const place = clone()
    edit(join(place.root, '.specweave/datasets/churn/v1/dataset.json'), change)
    const { code, stderr } = place.verify('--recompute')
    expect(code).toBe(1)
    expect(stderr).toMatch(message)
    expect(existsSync(join(place.state, 'vault'))).toBe(false)
  })

  it('scores nothing on test that was never looked at', () => {
    const place = clone()
    const folder = place.folder(made.other)
    // Somebody types test numbers for new predictions, to learn from the message what they are.
    const typed = evidence(folder)
    const text = gunzipSync(
      readFileSync(join(place.folder(made.candidate), 'predictions/test.csv.gz')),
    ).toString()
    const lines = text.split('\n')
    lines[1] = (lines[1] ?? '').replace(/,(yes|no)/, (_, was) => (was === 'yes' ? ',no' : ',yes'))
    const predictions = lines.join('\n')
    mkdirSync(join(folder, 'predictions'), { recursive: true })
    writeFileSync(join(folder, 'predictions/test.csv'), predictions)
    const entry = evidence(place.folder(made.candidate)).splits.test
    typed.splits.test = {
      ...(entry as NonNullable<typeof entry>),
      predictions_sha256: createHash('sha256').update(predictions).digest('hex'),
    }
    writeFileSync(join(folder, 'evidence.json'), JSON.stringify(typed))
    const { code, stderr } = place.verify('--recompute')
    expect(code).toBe(1)
    expect(stderr).toContain(
      `${made.other} test: evidence.json has numbers for test, and the ledger holds no look`,
    )
    expect(stderr).not.toContain('the predictions give')
  })

  const increment = (root: string): string => {
    const folder = join(root, '.specweave/increments')
    return join(folder, readdirSync(folder).find((name) => name.startsWith('0001-')) ?? '')
  }
  const VERDICT =
    /^0001 PASS \(([^)]+)\): (\S+), roc_auc (0\.\d+) \(asked >= 0\.75 on test\), accuracy 0\.\d+ \(asked >= 0\.8 on test\), roc_auc 20 % better than the best baseline: pass; looks 1 of 3; waivers 0$/

  it('ends with the verdict: the candidate, what was asked and measured, looks and waivers', () => {
    const place = clone()
    const value = evidence(place.folder(made.candidate)).splits.test?.metrics.find(
      ({ name }) => name === 'roc_auc',
    )?.value as number
    const shown = String(Number(value.toPrecision(4)))
    for (const [args, state] of [
      [[], 'as recorded'],
      [['--recompute'], 'proven'],
    ] as const) {
      const { code, stdout, stderr } = place.verify(...args)
      expect([code, stderr]).toEqual([0, ''])
      const last = stdout.trimEnd().split('\n').at(-1) ?? ''
      expect(VERDICT.exec(last)?.slice(1), last).toEqual([state, made.candidate, shown])
    }
    expect(JSON.parse(place.verify('--json').stdout)).toMatchObject({
      increments: [{ increment: '0001', verdict: 'pass', candidate: made.candidate, looks: { used: 1 } }],
      changed_files: [],
      gone_runs: [],
    })
  })

  it('says so where spec.md asks for something else than the verdict did', () => {
    const place = clone()
    edit(join(increment(place.root), 'spec.md'), (text) => text.replace('value: 0.75', 'value: 0.7'))
    const { code, stdout, stderr } = place.verify()
    expect(stderr).toBe(
      '0001: spec.md was changed since the last verdict: that asked roc_auc >= 0.75 on test, and spec.md asks roc_auc >= 0.7 on test\n',
    )
    expect(stdout).toContain('0001 PASS (NOT PROVEN): ')
    expect(code).toBe(1)
  })

  it.each([
    ['COMPLETION-SUMMARY.md', 'completion-summary'],
    ['experiments/comparison.md', 'comparison'],
    ['reports/model-card.md', 'model-card'],
  ])('says so where a figure in %s was edited', (file, block) => {
    const place = clone()
    edit(join(increment(place.root), file), (text) => text.replace(/0\.9(\d)/, '0.99$1'))
    const { code, stderr } = place.verify()
    expect(stderr).toContain(`${file}: document edited since it was generated (block ${block})`)
    expect(code).toBe(1)
  })

  it('lets people write around what was generated, and names a summary that is generated no more', () => {
    const place = clone()
    const summary = join(increment(place.root), 'COMPLETION-SUMMARY.md')
    appendFileSync(summary, '\nReviewed.\n')
    expect(place.verify()).toMatchObject({ code: 0, stderr: '' })
    edit(summary, (text) => text.replace(/^<!-- specweave:.*$/gm, ''))
    expect(place.verify()).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('its generated block is gone'),
    })
  })

  it('says so where the line of the completion was cut off', () => {
    const place = clone()
    const folder = join(place.root, '.specweave/ledger')
    const file = join(folder, readdirSync(folder).find((name) => name.endsWith('.jsonl')) ?? '')
    edit(file, (text) => text.replace(/^.*"increment\.completed".*\n/gm, ''))
    const { code, stdout, stderr } = place.verify()
    expect([code, stdout]).toEqual([1, expect.stringContaining('The ledger verifies.')])
    expect(stderr).toContain('0001: metadata.json says that it is completed, and the ledger holds no line')
  })

  it('names a run that the ledger knows as measured and that was deleted, with its last value', () => {
    const place = clone()
    const value = evidence(place.folder(made.other)).splits.validation?.metrics.find(
      ({ name }) => name === 'roc_auc',
    )?.value as number
    const named = `${made.other} (roc_auc ${Number(value.toPrecision(5))} on validation)`
    rmSync(place.folder(made.other), { recursive: true })
    expect(place.verify()).toMatchObject({
      code: 0,
      stderr: `warning: in the ledger, and not on disk: ${named}\n`,
    })
    expect(place.cli('validate-increment', '0001').stdout).toContain(
      `${made.candidate} is judged. In the ledger, and not on disk: ${named}.`,
    )
    rmSync(increment(place.root), { recursive: true })
    expect(place.verify().stderr).toContain('with all of its increment: ')
  })

  it('hashes the models: the one that was kept, its metadata, and the one in the run’s folder', () => {
    const place = clone()
    const models = join(increment(place.root), 'models')
    const kept = join(models, 'model-v1.joblib')
    const metadata = join(models, 'model-v1.metadata.json')
    const own = join(place.folder(made.candidate), 'model.joblib')
    for (const file of [kept, own])
      copyFileSync(join(made.product.folder(made.candidate), 'model.joblib'), file)
    expect(place.verify()).toMatchObject({ code: 0, stderr: '' })
    appendFileSync(kept, 'x')
    expect(place.verify()).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /^0001: models\/model-v1\.joblib is not the model that was kept of \S+boosting: its SHA-256 is [0-9a-f]{12}\.\.\., and model-v1\.metadata\.json says/,
      ),
    })
    const validated = place.cli('validate-increment', '0001')
    expect([validated.code, validated.stdout]).toEqual([
      1,
      expect.stringMatching(/^fail +candidate\.model_saved: models\/model-v1\.joblib is not the model/m),
    ])
    const sha256 = createHash('sha256').update(readFileSync(kept)).digest('hex')
    edit(metadata, (text) => text.replace(/("sha256": ")[0-9a-f]{64}/, `$1${sha256}`))
    expect(place.verify()).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('0001: models/: 0001 was completed with a model of SHA-256'),
    })
    git(place.root, 'checkout', '-q', '--', '.specweave')
    rmSync(kept)
    appendFileSync(own, 'x')
    expect(place.verify()).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(
        'boosting: model.joblib is no longer the model that was looked at on test',
      ),
    })
  })

  it('judges a closed increment in a clone without a line, a key or another word of its model', () => {
    const place = clone()
    const { code, stdout } = place.cli('validate-increment', '0001')
    expect(stdout).toMatch(
      /^pass +candidate\.model_saved: \S+boosting saved model\.joblib \(SHA-256 .* is not in this clone: model files are not in Git\.$/m,
    )
    expect(code).toBe(0)
    expect(git(place.root, 'status', '--porcelain')).toBe('')
    expect(existsSync(join(place.state, 'keys'))).toBe(false)
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
    const changed = evidence(folder)
    const metric = changed.splits.test?.metrics.find(({ name }) => name === 'roc_auc')
    if (!metric) throw new Error('no roc_auc')
    const value = metric.value as number
    metric.value = 0.999
    writeFileSync(join(folder, 'evidence.json'), JSON.stringify(changed, null, 2))
    return value
  }
})
