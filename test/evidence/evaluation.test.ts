import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { findLab } from '../../src/adapters/lab/environment.ts'
import { closeLab } from '../../src/adapters/lab/process.ts'
import { compareOnSplit } from '../../src/evidence/comparison.ts'
import { evaluateSplits } from '../../src/evidence/evaluation.ts'
import { measurementsOf, readEvidence, recordedSplits } from '../../src/evidence/evidence-file.ts'
import { readLedger } from '../../src/evidence/ledger.ts'
import { registerDataset } from '../../src/evidence/registration.ts'
import { evaluateBaselineTest, evaluateTest } from '../../src/evidence/test-evaluation.ts'
import { CHURN, makeRun, predict, writeChurn } from './fixtures/churn.ts'
import { sandbox } from './fixtures/sandbox.ts'

afterAll(closeLab)

async function registered() {
  const box = sandbox()
  writeChurn(box.workspace)
  await registerDataset(box.workspace, CHURN)
  return box
}
const events = (box: { workspace: Parameters<typeof readLedger>[0] }) =>
  readLedger(box.workspace).lines.map((l) => l.event)

describe.skipIf(!process.env.SPECWEAVE_LAB_DIR)('open splits', () => {
  it('are measured as far as handed in, once', async () => {
    const box = await registered()
    const run = makeRun(box.workspace, 'exp-001-rule')
    expect(await evaluateSplits(box.workspace, run)).toEqual({ metrics: [], measured: [], warnings: [] })
    predict(box.workspace, run, 'validation', 120)
    const first = await evaluateSplits(box.workspace, run)
    expect(first.measured).toEqual(['validation'])
    const accuracy = first.metrics.find(({ name }) => name === 'accuracy')
    expect(accuracy).toMatchObject({
      split: 'validation',
      source: 'measured',
      grade: 'open',
      ci: expect.any(Array),
    })
    expect(accuracy?.value).toBeGreaterThan(0.5)
    expect(accuracy?.value).toBeLessThan(1)
    predict(box.workspace, run, 'train')
    const second = await evaluateSplits(box.workspace, run)
    expect(second.measured).toEqual(['train'])
    expect(second.metrics.filter(({ name }) => name === 'accuracy')).toHaveLength(2)
    const evidence = readEvidence(run.folder)
    expect(evidence).toMatchObject({
      format: 1,
      run: run.run,
      dataset: 'churn@1',
      evaluator: { packages: { 'scikit-learn': expect.any(String) } },
      splits: {
        validation: { predictions_sha256: expect.stringMatching(/^[0-9a-f]{64}$/), rows: expect.any(Number) },
      },
    })
    expect(events(box).filter((event) => event === 'evidence.recorded')).toHaveLength(2)
    predict(box.workspace, run, 'validation', 160)
    expect((await evaluateSplits(box.workspace, run)).measured).toEqual(['validation'])
  })

  it('that do not fit are a warning at the end of a run, and a refusal when asked for', async () => {
    const box = await registered()
    const run = makeRun(box.workspace, 'exp-001-rule')
    predict(box.workspace, run, 'validation', 170, (text) => text.replace(/\n[^\n]+\n$/, '\n'))
    const { metrics, warnings } = await evaluateSplits(box.workspace, run)
    expect(metrics).toEqual([])
    expect(warnings.join()).toMatch(/validation: 1 of \d+ rows of the split are missing/)
    await expect(evaluateSplits(box.workspace, run, ['validation'])).rejects.toMatchObject({
      code: 'PREDICTIONS_INVALID',
    })
    await expect(evaluateSplits(box.workspace, run, ['train'])).rejects.toMatchObject({
      code: 'PREDICTIONS_MISSING',
      message: expect.stringContaining('save_predictions("train"'),
    })
  })

  it('that were edited after they were measured are known, and measured anew', async () => {
    const box = await registered()
    const run = makeRun(box.workspace, 'exp-001-rule')
    predict(box.workspace, run, 'validation', 120)
    await evaluateSplits(box.workspace, run)
    const file = join(run.folder, 'evidence.json')
    const text = readFileSync(file, 'utf8')
    writeFileSync(file, text.replace(/"value": 0\.\d+/, '"value": 0.99'))
    const evidence = readEvidence(run.folder)
    expect(evidence && [...recordedSplits(evidence, readLedger(box.workspace))]).toEqual([])
    expect(measurementsOf(evidence, { recorded: new Set() })).toEqual([])
    expect((await evaluateSplits(box.workspace, run)).measured).toEqual(['validation'])
    expect(readFileSync(file, 'utf8')).not.toContain('"value": 0.99,')
  })
})

describe.skipIf(!process.env.SPECWEAVE_LAB_DIR)('the sealed test', () => {
  it('is a look, which the same predictions do not take twice', async () => {
    const box = await registered()
    const run = makeRun(box.workspace, 'exp-001-rule')
    predict(box.workspace, run, 'test')
    const first = await evaluateTest(box.workspace, run, { budget: 1 })
    expect(first).toMatchObject({ look: { used: 1, budget: 1 }, repeated: false })
    expect(first.metrics.find(({ name }) => name === 'accuracy')).toMatchObject({
      grade: 'sealed',
      split: 'test',
      value: 1,
    })
    const again = await evaluateTest(box.workspace, run, { budget: 1 })
    expect(again).toMatchObject({ look: { used: 1 }, repeated: true, metrics: first.metrics })
    rmSync(join(run.folder, 'evidence.json'))
    expect(await evaluateTest(box.workspace, run, { budget: 1 })).toMatchObject({
      repeated: true,
      metrics: first.metrics,
    })
    predict(box.workspace, run, 'test', 100)
    await expect(evaluateTest(box.workspace, run, { budget: 1 })).rejects.toMatchObject({
      code: 'LOOKS_SPENT',
    })
    expect(events(box).filter((event) => event === 'look.taken')).toHaveLength(1)
    expect(readEvidence(run.folder)?.splits.test?.look).toBe(1)
  })

  it('gives a look back where the file does not fit', async () => {
    const box = await registered()
    const run = makeRun(box.workspace, 'exp-001-rule')
    predict(box.workspace, run, 'test', 170, (text) => text.replace(/,yes/g, ',maybe'))
    await expect(evaluateTest(box.workspace, run, { budget: 1 })).rejects.toMatchObject({
      code: 'PREDICTIONS_INVALID',
    })
    predict(box.workspace, run, 'test')
    expect(await evaluateTest(box.workspace, run, { budget: 1 })).toMatchObject({ look: { used: 1 } })
  })

  it('without predictions, model or labels is refused and costs nothing', async () => {
    const box = await registered()
    const run = makeRun(box.workspace, 'exp-001-rule')
    await expect(evaluateTest(box.workspace, run, { budget: 3 })).rejects.toMatchObject({
      code: 'PREDICTIONS_MISSING',
    })
    rmSync(join(box.state, 'vault'), { recursive: true })
    predict(box.workspace, run, 'test')
    await expect(evaluateTest(box.workspace, run, { budget: 3 })).rejects.toMatchObject({
      code: 'VAULT_MISSING',
    })
    expect(events(box)).toEqual(['dataset.registered'])
  })

  it('makes missing predictions from the saved model, and says what its interpreter lacks', async () => {
    const box = await registered()
    const run = makeRun(box.workspace, 'exp-001-model')
    mkdirSync(join(run.folder, 'events'))
    const event = { k: 'model', n: 'model.joblib', format: 'joblib', predict: null, t: 1 }
    writeFileSync(join(run.folder, 'events', 'h-1-a.jsonl'), `${JSON.stringify(event)}\n`)
    const interpreter = findLab()?.python ?? ''
    await expect(evaluateTest(box.workspace, run, { budget: 3, interpreter })).rejects.toMatchObject({
      code: 'PREDICTIONS_MISSING',
      message: expect.stringContaining('model.joblib'),
    })
    const { execFileSync } = await import('node:child_process')
    const program = [
      'import sys, joblib, pandas as pd',
      'from sklearn.tree import DecisionTreeClassifier',
      'd = pd.read_csv(sys.argv[1])',
      'joblib.dump(DecisionTreeClassifier(random_state=0).fit(d[["calls", "plan"]], d["churned"]), sys.argv[2])',
    ].join('\n')
    const train = join(box.workspace.layout.dataset('churn@1'), 'train.csv')
    execFileSync(interpreter, ['-c', program, train, join(run.folder, 'model.joblib')])
    const { metrics, look } = await evaluateTest(box.workspace, run, { budget: 3, interpreter })
    expect(look.used).toBe(1)
    expect(metrics.find(({ name }) => name === 'accuracy')?.value).toBeGreaterThan(0.9)
    expect(readEvidence(run.folder)?.splits.test?.predicted_by).toBe('lab')
  })

  it('of a baseline of the lab is no look, and is kept out of sight', async () => {
    const box = await registered()
    const command = ['python', '-m', 'specweave_lab.baseline', '--strategy', 'majority']
    const record = { made_by: 'baseline', baseline: 'majority', command }
    const baseline = makeRun(box.workspace, 'exp-001-baseline-majority', 'churn@1', record)
    predict(box.workspace, baseline, 'test', 1000)
    const metrics = await evaluateBaselineTest(box.workspace, baseline)
    expect(metrics.some(({ name, grade }) => name === 'accuracy' && grade === 'sealed')).toBe(true)
    expect(readEvidence(baseline.folder)?.splits.test).toMatchObject({ look: null, baseline: true })
    expect(measurementsOf(readEvidence(baseline.folder))).toEqual([])
    expect(events(box)).not.toContain('look.taken')
    const run = makeRun(box.workspace, 'exp-002-rule')
    predict(box.workspace, run, 'test')
    await expect(evaluateBaselineTest(box.workspace, run)).rejects.toMatchObject({ code: 'INPUT_INVALID' })
    const comparison = {
      dataset: 'churn@1',
      split: 'test' as const,
      metric: 'accuracy',
      runs: [baseline, run],
      reference: run.run,
    }
    await expect(compareOnSplit(box.workspace, comparison)).rejects.toMatchObject({ code: 'INPUT_INVALID' })
    await evaluateTest(box.workspace, run, { budget: 3 })
    const { differences, left_out } = await compareOnSplit(box.workspace, comparison)
    expect(left_out).toEqual([])
    expect(differences).toMatchObject([{ a: baseline.run, b: run.run, verdict: 'worse' }])
  })

  it('asked for twice at once is one look', async () => {
    const box = await registered()
    const run = makeRun(box.workspace, 'exp-001-rule')
    predict(box.workspace, run, 'test')
    const both = await Promise.all([1, 2].map(() => evaluateTest(box.workspace, run, { budget: 1 })))
    expect(both.map(({ look }) => look.used)).toEqual([1, 1])
    expect(events(box).filter((event) => event === 'look.taken')).toHaveLength(1)
  })
})

describe.skipIf(!process.env.SPECWEAVE_LAB_DIR)('a comparison on validation', () => {
  it('pairs the runs and leaves out those that handed in nothing', async () => {
    const box = await registered()
    const runs = ['good', 'bad', 'none'].map((name, i) => makeRun(box.workspace, `exp-00${i + 1}-${name}`))
    const [good, bad] = runs
    if (!good || !bad) throw new Error('unreachable')
    predict(box.workspace, good, 'validation', 170)
    predict(box.workspace, bad, 'validation', 20)
    const { differences, left_out } = await compareOnSplit(box.workspace, {
      dataset: 'churn@1',
      split: 'validation',
      metric: 'accuracy',
      runs,
      reference: good.run,
    })
    expect(differences).toMatchObject([
      { a: bad.run, verdict: 'worse', ci: [expect.any(Number), expect.any(Number)] },
    ])
    expect(left_out).toEqual([
      { run: '0001/exp-003-none', reason: 'handed in no predictions for validation' },
    ])
  })
})
