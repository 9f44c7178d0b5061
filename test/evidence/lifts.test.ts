import { afterAll, describe, expect, it } from 'vitest'
import { closeLab } from '../../src/adapters/lab/process.ts'
import { readEvidence } from '../../src/evidence/evidence-file.ts'
import { appendEvent, readLedger } from '../../src/evidence/ledger.ts'
import { liftsOf, measureLifts } from '../../src/evidence/lifts.ts'
import { recompute } from '../../src/evidence/recompute.ts'
import { registerDataset } from '../../src/evidence/registration.ts'
import { evaluateBaselineTest, evaluateTest } from '../../src/evidence/test-evaluation.ts'
import { CHURN, makeRun, predict, writeChurn } from './fixtures/churn.ts'
import { sandbox } from './fixtures/sandbox.ts'

afterAll(closeLab)

describe.skipIf(!process.env.SPECWEAVE_LAB_DIR)('lifts', () => {
  it('of a candidate that was looked at are measured beside baselines, once, and kept in the ledger', async () => {
    const box = sandbox()
    writeChurn(box.workspace)
    await registerDataset(box.workspace, CHURN)
    const command = ['python', '-m', 'specweave_lab.baseline', '--strategy', 'majority']
    const record = { made_by: 'baseline', baseline: 'majority', command }
    const baseline = makeRun(box.workspace, 'exp-001-baseline-majority', 'churn@1', record)
    predict(box.workspace, baseline, 'test', 1000)
    const run = makeRun(box.workspace, 'exp-002-rule')
    predict(box.workspace, run, 'test')
    const request = { metric: 'accuracy', lift: 0.1, looks: 3, baselines: [baseline] }
    const lines = () => readLedger(box.workspace).lines.filter(({ event }) => event === 'lift.measured')
    const found = () =>
      liftsOf(readLedger(box.workspace), readEvidence(run.folder), [readEvidence(baseline.folder)])

    // Before the look nothing is set beside anything: it would tell of the sealed labels.
    await evaluateBaselineTest(box.workspace, baseline)
    expect(await measureLifts(box.workspace, run, request)).toEqual([])
    expect(lines()).toEqual([])

    await evaluateTest(box.workspace, run, { budget: 3 })
    expect(await measureLifts(box.workspace, run, request)).toEqual([])
    const [lift] = found()
    expect(lift).toMatchObject({ run: run.run, baseline: baseline.run, metric: 'accuracy', lift: 0.1 })
    const { value, target, difference, ci, confidence, method } = lift!.interval!
    expect(difference).toBeCloseTo(value - target, 12)
    expect(ci[0]).toBeLessThan(difference)
    expect(ci[1]).toBeGreaterThan(difference)
    expect(confidence).toBeCloseTo(1 - 0.1 / 3, 12)
    expect(method).toBe('agresti_min')

    await measureLifts(box.workspace, run, request)
    expect(lines()).toHaveLength(1)
    await measureLifts(box.workspace, run, { ...request, lift: 0.2 })
    expect(lines()).toHaveLength(2)
    expect(found().map(({ lift }) => lift)).toEqual([0.1, 0.2])

    // verify --recompute: what stands in the ledger comes out again, and a false line, though signed, does not.
    const again = () => recompute(box.workspace, readLedger(box.workspace), [], [run, baseline])
    const first = await again()
    expect(first.proven).toBe(true)
    expect(first.lifts.map(({ lift, status }) => [lift, status])).toEqual([
      [0.1, 'proven'],
      [0.2, 'proven'],
    ])
    const data = lines()[0]?.data as { interval: object }
    const interval = { ...data.interval, difference: 0.5, ci: [0.4, 0.6] }
    await appendEvent(box.workspace, 'lift.measured', { ...data, interval })
    const forged = await again()
    expect(forged.proven).toBe(false)
    expect(forged.lifts.map(({ status }) => status)).toEqual(['wrong', 'proven'])
    expect(forged.lifts[0]?.problem).toMatch(
      /^difference: 0\.5 stands in the ledger, and the predictions give -?[\d.]+; ci: \[0\.4,0\.6\] stands/,
    )
    await appendEvent(box.workspace, 'lift.measured', { ...data })
    expect((await again()).proven).toBe(true)

    // Predictions that are not those that were looked at count for nothing.
    predict(box.workspace, run, 'test', 1000)
    await measureLifts(box.workspace, run, { ...request, lift: 0.3 })
    expect(lines()).toHaveLength(4)
    const { lifts } = await recompute(box.workspace, readLedger(box.workspace), [], [run, baseline])
    expect(lifts.map(({ status }) => status)).toEqual(['unknown', 'unknown'])
    expect(lifts[0]?.problem).toContain(`the test predictions of ${run.run} that it was measured on`)
  })
})
