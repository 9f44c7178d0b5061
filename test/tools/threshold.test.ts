import { appendFileSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Evidence } from '../../src/evidence/evidence-file.ts'
import { appendEvent } from '../../src/evidence/ledger.ts'
import { openWorkspace } from '../../src/store/workspace.ts'
import { Clone } from './clone.ts'
import { git } from './git.ts'
import { NO_LAB, Product, type ShownRun } from './product.ts'

const EXAMPLES = resolve(import.meta.dirname, '../../examples/churn')
const LABELS = ['accuracy', 'balanced_accuracy', 'precision', 'recall', 'f1', 'mcc']
/** Of validation, by which the threshold is chosen; what the increment asks of test is less: the choice was optimistic. */
const LEVEL = 0.99
const ASKED = 0.88
const SCORES = ['roc_auc', 'pr_auc', 'log_loss', 'brier', 'ece']

describe.skipIf(NO_LAB)(`a threshold chosen on validation (${NO_LAB ?? 'with the lab'})`, () => {
  let product: Product
  let candidate: string
  let baseline: string
  beforeAll(async () => {
    product = new Product()
    mkdirSync(join(product.root, 'churn'))
    cpSync(join(EXAMPLES, 'train_boosting.py'), join(product.root, 'churn/train_boosting.py'))
    const lines = readFileSync(join(EXAMPLES, 'churn.csv'), 'utf8').split('\n')
    writeFileSync(join(product.root, 'churn/churn.csv'), `${lines.slice(0, 2001).join('\n')}\n`)
    git(product.root, 'init', '-q')
    await product.call('create_increment', {
      title: 'find those who leave, and be right',
      problem_type: 'classification',
      success_metrics: ['roc_auc >= 0.7', `precision >= ${ASKED}`],
    })
    if (!product.read('.specweave/ml.yaml').includes('interpreter: lab'))
      appendFileSync(join(product.root, '.specweave/ml.yaml'), 'interpreter: lab\n')
    await product.call('register_dataset', {
      name: 'churn',
      source: 'churn/churn.csv',
      target: 'churn',
      problem_type: 'classification',
      increment: '0001',
    })
    const { runs } = await product.call('run_baselines', {
      increment: '0001',
      strategies: ['popularity', 'rule-based'],
      wait_s: 40,
    })
    for (const one of runs) await product.ended(one)
    baseline = runs.at(-1).run
    const command = ['python', 'churn/train_boosting.py']
    ;({ run: candidate } = await product.run({ increment: '0001', name: 'boosting', command }))
  })
  afterAll(() => product?.dispose())
  afterEach(() => void vi.unstubAllEnvs())

  const folder = (run: string): string =>
    join(
      product.root,
      '.specweave/increments',
      readdirSync(join(product.root, '.specweave/increments')).find((name) => name.startsWith('0001')) ?? '',
      'experiments',
      run.split('/').slice(1).join('/'),
    )
  const evidence = (): Evidence =>
    JSON.parse(readFileSync(join(folder(candidate), 'evidence.json'), 'utf8')) as Evidence
  const values = (split: 'train' | 'validation' | 'test'): Record<string, number> =>
    Object.fromEntries(
      (evidence().splits[split]?.metrics ?? []).map(({ name, value }) => [name, Number(value)]),
    )
  const chosen = async (at_least: number) =>
    product.call('evaluate_run', {
      run: candidate,
      split: 'validation',
      threshold: { metric: 'precision', at_least },
    })
  const ledgerLines = (event: string): Record<string, unknown>[] =>
    readdirSync(join(product.root, '.specweave/ledger'))
      .filter((name) => name.endsWith('.jsonl'))
      .flatMap((name) => product.read(join('.specweave/ledger', name)).trim().split('\n'))
      .map((line) => JSON.parse(line) as { event: string; data: Record<string, unknown> })
      .filter((line) => line.event === event)
      .map(({ data }) => data)
  /** Precision on test by arithmetic, of labels as the script handed them in or of scores from a threshold on. */
  const precisionOnTest = (threshold?: number): number => {
    const { dataset_hash } = evidence()
    const vault = readdirSync(product.state, { recursive: true, encoding: 'utf8' }).find(
      (path) => path.includes(dataset_hash) && path.endsWith('test.csv'),
    )
    const truth = new Map(rows(join(product.state, vault ?? '')).map(([id, label]) => [id, label]))
    const [header = [], ...given] = table(join(folder(candidate), 'predictions/test.csv'))
    const score = header.indexOf('score_yes')
    const positive = given.filter((row) =>
      threshold === undefined ? row[1] === 'yes' : Number(row[score]) >= threshold,
    )
    return positive.filter(([id]) => truth.get(id) === 'yes').length / positive.length
  }

  it('is chosen on validation alone, and refused with what to do for all else', async () => {
    const refused = (split: string, threshold: object, run = candidate) =>
      product.refusal('evaluate_run', { run, split, threshold })
    expect(await refused('test', { metric: 'f1' })).toMatchObject({
      code: 'INPUT_INVALID',
      message: expect.stringContaining('on validation alone'),
      next: [{ arguments: { split: 'validation', threshold: { metric: 'f1' } } }],
    })
    expect((await refused('validation', { metric: 'precision' })).message).toContain('needs at_least')
    expect((await refused('validation', { metric: 'f1', at_least: 0.9 })).message).toContain('as they get')
    const none = { metric: 'f1' }
    expect((await refused('validation', none, baseline)).message).toContain('baseline')
    expect(ledgerLines('threshold.chosen')).toEqual([])
    expect(evidence()).not.toHaveProperty('threshold')
  })

  it('makes the labels of every open split, and leaves the metrics of scores alone', async () => {
    const before = { validation: values('validation'), train: values('train') }
    await chosen(0.9)
    const answer = await chosen(LEVEL)
    expect(answer.warnings.join()).toMatch(/optimistic, since it was chosen there: test will tell/)
    expect(answer.threshold.reached).toMatch(/precision \(validation, open\) = .+ \[.+\]; .*recall/)
    expect(await chosen(LEVEL)).toMatchObject({ threshold: answer.threshold })
    expect(ledgerLines('threshold.chosen').map(({ at_least }) => at_least)).toEqual([0.9, LEVEL])
    const { threshold } = evidence()
    expect(threshold).toMatchObject({
      metric: 'precision',
      at_least: LEVEL,
      positive: 'yes',
      split: 'validation',
    })
    for (const split of ['validation', 'train'] as const) {
      const now = values(split)
      expect(Object.keys(now)).toEqual(Object.keys(before[split]))
      // The model is right of all that it calls positive on train, whatever the threshold.
      const same = LABELS.filter((name) => now[name] === before[split][name])
      expect(same).toEqual(split === 'train' ? ['precision'] : [])
      for (const name of SCORES) expect(now[name]).toBe(before[split][name])
      expect(evidence().splits[split]?.threshold).toBe(threshold?.value)
    }
    expect(values('validation').precision).toBeGreaterThanOrEqual(LEVEL)
    expect(await product.call('get_run', { run: candidate })).toMatchObject({
      threshold: expect.stringContaining(`score_yes >= ${threshold?.value}, chosen on validation`),
    })
    const compared = await product.call('compare_runs', { increment: '0001', metric: 'recall' })
    const row = compared.rows.find(({ run }: ShownRun) => run === candidate)
    expect(row.threshold).toContain(`score_yes >= ${threshold?.value}`)
    const mine = compared.differences.find(({ a, b }: Record<string, string>) => [a, b].includes(candidate))
    const other = [mine.a, mine.b].find((run: string) => run !== candidate)
    const { metrics } = compared.rows.find(({ run }: ShownRun) => run === other)
    const its = metrics.find(({ name }: { name: string }) => name === 'recall').value
    expect(Math.abs(mine.difference)).toBeCloseTo(Math.abs(Number(values('validation').recall) - its), 5)
  })

  it('stands where the costs of the model are measured after it', async () => {
    const { threshold, splits } = evidence()
    await product.call('evaluate_run', { run: candidate, split: 'cost' })
    expect(evidence()).toMatchObject({ threshold, splits, cost: { split: 'validation' } })
  })

  it('decides on test, where the gate passes by it alone, and is frozen after the look', async () => {
    const look = await product.call('evaluate_run', { run: candidate, split: 'test' })
    expect(look.warnings.join()).toContain('Labels are those of score_yes >=')
    for (const { tool, arguments: given } of look.next)
      if (tool === 'get_run') await product.ended({ run: given.run, state: 'queued' })
    await product.settled()
    const value = evidence().threshold?.value ?? Number.NaN
    expect(values('test').precision).toBeCloseTo(precisionOnTest(value), 12)
    expect(precisionOnTest(value)).toBeGreaterThanOrEqual(ASKED)
    expect(precisionOnTest()).toBeLessThan(ASKED)
    const { verdict, checks } = await product.call('validate_increment', { increment: '0001' })
    expect(checks.filter(({ status }: { status: string }) => status !== 'pass')).toEqual([])
    expect(verdict).toBe('pass')
    expect(checks.find(({ id }: { id: string }) => id === 'criterion.precision.test').message).toContain(
      `Labels are those of score_yes >= ${value}, chosen on validation for precision >= ${LEVEL}.`,
    )
    expect(checks.find(({ id }: { id: string }) => id === 'candidate.reproduced').message).toContain(
      `the recorded threshold, ${value}`,
    )
    const goal = { run: candidate, split: 'validation', threshold: { metric: 'f1' } }
    expect(await product.refusal('evaluate_run', goal)).toMatchObject({
      code: 'THRESHOLD_FROZEN',
      next: [{ tool: 'evaluate_run', arguments: { run: candidate, split: 'test' } }],
    })
    expect((await chosen(LEVEL)).threshold.value).toBe(value)
    expect(ledgerLines('threshold.chosen')).toHaveLength(2)
    const again = await product.call('evaluate_run', { run: candidate, split: 'test' })
    expect(again).toMatchObject({ repeated: true, look: { used: 1 } })
  })

  it('and the look are told where evidence.json was edited or removed since', async () => {
    const file = join(folder(candidate), 'evidence.json')
    const text = readFileSync(file, 'utf8')
    const looked = async () =>
      (await product.call('validate_increment', { increment: '0001' })).checks.find(
        ({ id }: { id: string }) => id === 'test.looked',
      )
    expect(await looked()).toMatchObject({ status: 'pass' })
    try {
      const edited = evidence()
      edited.splits.test!.rows += 1
      writeFileSync(file, JSON.stringify(edited))
      expect(await looked()).toMatchObject({
        status: 'missing',
        message: expect.stringMatching(
          /was evaluated .*1 of \d looks used.* evidence\.json was changed since/,
        ),
      })
      rmSync(file)
      expect((await looked()).message).toContain('they were removed since')
    } finally {
      writeFileSync(file, text)
    }
    expect(await looked()).toMatchObject({ status: 'pass' })
  })

  it('goes with the model and the summary, and comes out again in a clone', async () => {
    const { summary_path } = await product.complete({ increment: '0001' })
    await product.settled()
    const { threshold } = evidence()
    expect(product.read(summary_path)).toContain(`score\\_yes >= ${threshold?.value}`.replace('\\', ''))
    const metadata = join(folder(candidate), '../../models/model-v1.metadata.json')
    expect(JSON.parse(readFileSync(metadata, 'utf8'))).toMatchObject({ threshold })
    git(product.root, 'add', '-A')
    git(product.root, 'commit', '-q', '-m', 'churn')
    const clone = new Clone(product.base, product.root, 'clean')
    const proven = clone.verify('--recompute')
    expect(`${proven.stdout}${proven.stderr}`).toContain(candidate)
    expect(proven.code).toBe(0)
  })

  it('is noticed where another one is written into evidence.json, or signed into the ledger', async () => {
    const clone = new Clone(product.base, product.root, 'forged')
    const file = join(clone.folder(candidate), 'evidence.json')
    const forged = JSON.parse(readFileSync(file, 'utf8')) as Evidence
    if (!forged.threshold) throw new Error('no threshold')
    forged.threshold.value = 0.31
    writeFileSync(file, JSON.stringify(forged))
    const changed = clone.verify()
    expect(changed.code).not.toBe(0)
    expect(`${changed.stdout}${changed.stderr}`).toContain('evidence.json')
    vi.stubEnv('SPECWEAVE_STATE_DIR', clone.state)
    const data = { run: candidate, dataset_hash: forged.dataset_hash, ...forged.threshold }
    await appendEvent(openWorkspace(clone.root), 'threshold.chosen', data)
    const wrong = clone.verify('--recompute')
    expect(wrong.code).not.toBe(0)
    expect(`${wrong.stdout}${wrong.stderr}`).toMatch(
      /the threshold 0\.31 of yes is recorded, and the validation/,
    )
  })
})

function table(path: string): string[][] {
  return readFileSync(path, 'utf8')
    .trim()
    .split(/\r?\n/)
    .map((line) => line.split(','))
}

function rows(path: string): string[][] {
  return table(path).slice(1)
}
