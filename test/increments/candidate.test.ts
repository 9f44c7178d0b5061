import { describe, expect, it } from 'vitest'
import { bestByValidation, chooseCandidate } from '../../src/increments/candidate.ts'
import { measured, reported } from './judged-facts.ts'
import { run } from './workspace.ts'

describe('the candidate', () => {
  const criteria = [{ metric: 'rmse', op: '<', value: 50, split: 'test' }] as const
  const a = run('exp-001-a', {
    metrics: [measured('rmse', 'validation', 40)],
    created: '2026-11-21T09:00:00Z',
  })
  const b = run('exp-002-b', {
    metrics: [measured('rmse', 'validation', 30)],
    created: '2026-11-21T09:01:00Z',
  })
  const c = run('exp-003-c', { metrics: [reported('rmse', 1, 'validation')] })
  const base = run('exp-004-baseline', { baseline: 'median', metrics: [measured('rmse', 'validation', 10)] })
  const failed = run('exp-005-f', { state: 'failed', metrics: [measured('rmse', 'validation', 20)] })
  const runs = [a, b, c, base, failed]

  it('is the best measured on validation, lower errors first, without baselines and failures', () => {
    expect(bestByValidation(criteria, runs)?.run).toBe('0001/exp-002-b')
    expect(chooseCandidate({ named: null, criteria, runs })).toEqual({
      run: '0001/exp-002-b',
      how: 'validation',
    })
  })

  it('is fixed at the first look, and by name before that', () => {
    expect(chooseCandidate({ named: null, firstLooked: '0001/exp-001-a', criteria, runs }).run).toBe(
      '0001/exp-001-a',
    )
    expect(
      chooseCandidate({ named: '0001/exp-003-c', firstLooked: '0001/exp-001-a', criteria, runs }).run,
    ).toBe('0001/exp-003-c')
    expect(chooseCandidate({ named: null, criteria, runs: [c] })).toEqual({ how: 'none' })
  })
})
