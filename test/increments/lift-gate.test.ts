import { describe, expect, it } from 'vitest'
import type { LiftMeasured } from '../../src/core/lift-measured.ts'
import type { RunSummary } from '../../src/core/run-summary.ts'
import { baselineChecks } from '../../src/increments/baseline-checks.ts'
import type { GateFacts } from '../../src/increments/gate-facts.ts'
import { run } from './workspace.ts'

const tested = (name: string, value: number, baseline?: string): RunSummary =>
  run(name, {
    ...(baseline ? { baseline } : {}),
    metrics: [{ name: 'accuracy', split: 'test', source: 'measured', grade: 'sealed', value }],
  })
const candidate = tested('exp-004-gb', 0.95)
const majority = tested('exp-001-baseline-majority', 0.86, 'majority')

function decidedBy(lifts: readonly LiftMeasured[], baselines: readonly RunSummary[] = [majority]) {
  const facts: Partial<GateFacts> = {
    increment: '0001',
    criteria: [{ metric: 'accuracy', op: '>', value: 0.9, split: 'test' }],
    baselineRule: { metric: 'accuracy', lift: 0.2, over: 'best' },
    requires: ['baseline'],
    candidate,
    baselines,
    lifts,
  }
  return baselineChecks(facts as GateFacts).find(({ id }) => id === 'baseline.lift')!
}

describe('the lift over the baselines', () => {
  it('is decided by the paired interval where the lab gave one', () => {
    const random = tested('exp-002-baseline-random', 0.5, 'random')
    const over = (baseline: string, ci: [number, number] | null, more: Partial<LiftMeasured> = {}) => ({
      run: '0001/exp-004-gb',
      baseline,
      dataset_hash: 'd',
      metric: 'accuracy',
      lift: 0.2,
      predictions_sha256: 'p',
      baseline_sha256: 'b',
      lab: '0',
      looks: 3,
      interval: ci && {
        value: 0.95,
        baseline: 0.86,
        target: 0.888,
        difference: 0.062,
        ci,
        confidence: 0.95,
        method: 'agresti_min',
        rows: 500,
      },
      ...more,
    })
    const [ours, other] = [majority.run, random.run]
    expect(decidedBy([over(ours, [0.03, 0.09])])).toMatchObject({
      status: 'pass',
      lift: {
        target: 0.888,
        baseline: 'majority',
        baselineValue: 0.86,
        over: { difference: 0.062, ci: [0.03, 0.09], confidence: 0.95 },
      },
      message: expect.stringMatching(
        /target 0\.888 = min.* over majority \(0\.86\)\. Measured - target is 0\.062, 95 % interval \[0\.03, 0\.09\], paired: shown/,
      ),
    })
    expect(decidedBy([over(ours, [-0.01, 0.13])])).toMatchObject({
      status: 'fail',
      message: expect.stringContaining('reached by the value, not shown'),
    })
    // The best of them is not enough: each that is asked for has to be beaten.
    expect(decidedBy([over(ours, [0.03, 0.09]), over(other, [-0.1, 0.5])], [majority, random])).toMatchObject(
      {
        status: 'fail',
        lift: { baseline: 'random', baselineValue: 0.5, over: { ci: [-0.1, 0.5] } },
        message: expect.stringContaining('over the target that random sets'),
      },
    )
    // Changed to another lift, or a baseline that came later: measured anew, never by the point.
    for (const [lifts, baselines] of [
      [[over(ours, [0.03, 0.09], { lift: 0.1 })], [majority]],
      [[over(ours, [0.03, 0.09])], [majority, random]],
    ] as const)
      expect(decidedBy([...lifts], [...baselines])).toMatchObject({
        status: 'missing',
        next: { tool: 'evaluate_run', arguments: { run: '0001/exp-004-gb', split: 'test' } },
      })
    expect(decidedBy([over(ours, null, { reason: 'coverage has no value a user.' })])).toMatchObject({
      status: 'pass',
      lift: { baseline: 'majority', baselineValue: 0.86 },
      message: expect.stringContaining('point only (coverage has no value a user).'),
    })
  })
})
