import { describe, expect, it } from 'vitest'
import type { LiftInterval } from '../../src/core/lift-measured.ts'
import { liftTarget, reaches, shown } from '../../src/increments/lift.ts'

// worked by hand from contracts.md, "Lift over baseline b"
describe('lift over a baseline', () => {
  it.each([
    ['accuracy', 0.86, 0.2, 'maximize', 0.888], // 0.86 x 1.2 = 1.032; 0.86 + 0.2 x 0.14 = 0.888
    ['precision@10', 0.18, 0.2, 'maximize', 0.216], // 0.18 x 1.2 = 0.216; 0.18 + 0.2 x 0.82 = 0.344
    ['precision@10', 0.08, 2, 'maximize', 0.24], // three times as good as random
    ['f1', 0, 0.2, 'maximize', 0.2], // nothing times 1.2 is nothing: 0 + 0.2 x 1
    ['r2', -0.1, 0.2, 'maximize', 0.12], // -0.1 + 0.2 x 1.1
    ['rmse', 4000, 0.2, 'minimize', 3200],
    ['mape', 0.25, 0.2, 'minimize', 0.2],
    ['throughput_rps', 100, 0.2, 'maximize', 120],
  ] as const)('%s over %d by %d', (metric, b, lift, direction, target) => {
    expect(liftTarget(metric, b, lift, direction).target).toBeCloseTo(target, 12)
  })

  it('says where no model can reach the target', () => {
    expect(liftTarget('accuracy', 0.6, 2, 'maximize').impossible).toBe(true)
    expect(liftTarget('accuracy', 0.6, 0.2, 'maximize').impossible).toBeUndefined()
  })

  it('says how the number came about', () => {
    expect(liftTarget('accuracy', 0.86, 0.2, 'maximize').how).toBe(
      'min(0.86 x (1 + 0.2), 0.86 + 0.2 x (1 - 0.86))',
    )
  })

  it('counts equality as reached, to within rounding', () => {
    expect(reaches(0.1 + 0.2, 0.3, 'minimize')).toBe(true)
    expect(reaches(0.3, 0.1 + 0.2, 'maximize')).toBe(true)
    expect(reaches(0.2999, 0.3, 'maximize')).toBe(false)
  })
})

describe('what a paired interval shows', () => {
  const interval = (difference: number, ci: [number, number]): LiftInterval => ({
    value: 0.9 + difference,
    baseline: 0.86,
    target: 0.9,
    difference,
    ci,
    confidence: 0.95,
    method: 'agresti_min',
    rows: 200,
  })

  it.each([
    ['maximize', 0.02, [0.01, 0.03], true, 'shown to be reached'],
    ['maximize', 0.02, [0, 0.04], true, 'shown to be reached'],
    ['maximize', 0.02, [-0.01, 0.05], false, 'reached by the value, not shown'],
    ['maximize', -0.02, [-0.05, 0.01], false, 'not reached'],
    ['maximize', -0.02, [-0.03, -0.01], false, 'shown to fall short'],
    ['maximize', 0, [0, 0], false, 'reached by the value, not shown'],
    ['minimize', -12, [-20, -4], true, 'shown to be reached'],
    ['minimize', -12, [-30, 6], false, 'reached by the value, not shown'],
    ['minimize', 12, [4, 20], false, 'shown to fall short'],
    ['minimize', 12, [-4, 20], false, 'not reached'],
  ] as const)('%s, %d in %j: %s', (direction, difference, ci, holds, words) => {
    const said = shown(interval(difference, [ci[0], ci[1]]), direction)
    expect(said.holds).toBe(holds)
    expect(said.text('')).toContain(words)
    expect(said.text('')).toContain('95 % interval')
  })
})
