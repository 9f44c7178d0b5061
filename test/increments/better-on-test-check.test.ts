import { expect, it } from 'vitest'
import type { Measurement, Split } from '../../src/core/measurement.ts'
import { betterOnTest, drawnAlike, suspectedOnTest } from '../../src/increments/better-on-test-check.ts'
import type { GateFacts } from '../../src/increments/gate-facts.ts'
import { warningsOf } from '../../src/increments/warning-checks.ts'

const measured = (name: string, split: Split, value: number, ci?: [number, number]): Measurement => ({
  name,
  split,
  source: 'measured',
  grade: split === 'test' ? 'sealed' : 'open',
  value,
  ...(ci ? { ci } : {}),
})
const RUN = '0002/exp-006-git'
const said = (...metrics: Measurement[]) => suspectedOnTest({ run: RUN, metrics })
const VALIDATION = measured('roc_auc', 'validation', 0.917, [0.877, 0.945])

it('is suspected where test is better than validation by more than chance allows', () => {
  const words = said(VALIDATION, measured('roc_auc', 'test', 0.991, [0.982, 0.996]))
  expect(words).toMatch(
    /^suspected of knowing test labels: 0002\/exp-006-git is better .*\(roc_auc 0\.991 \[0\.982, 0\.996\] against 0\.917 \[0\.877, 0\.945\], p = \de-7\)/,
  )
  // Worse, or better by a little, or the other way round.
  expect(said(VALIDATION, measured('roc_auc', 'test', 0.95, [0.92, 0.97]))).toBeUndefined()
  expect(said(VALIDATION, measured('roc_auc', 'test', 0.7, [0.69, 0.71]))).toBeUndefined()
  // Of what a script says nothing is held against it, and what has no interval is not compared.
  expect(said(VALIDATION, measured('roc_auc', 'test', 0.991))).toBeUndefined()
  const typed = { ...measured('roc_auc', 'test', 0.999, [0.99, 1]), source: 'reported' as const }
  expect(said(VALIDATION, typed)).toBeUndefined()
})

it('knows of an error that less of it is better', () => {
  const pair = (validation: number, test: number) => [
    measured('rmse', 'validation', validation, [validation - 4, validation + 5]),
    measured('rmse', 'test', test, [test - 4, test + 5]),
  ]
  expect(said(...pair(60, 30))).toContain('(rmse 30 [26, 35] against 60 [56, 65]')
  expect(said(...pair(30, 60))).toBeUndefined()
})

it('takes p of the normal distribution, and asks for more where more metrics are compared', () => {
  // Standard errors of 3 and 4: z = 3.1667 of one metric, one-sided p = 0.000771 by SciPy.
  const pair = (name: string, by: number) => [
    measured(name, 'validation', 0, [-4 * 1.959964, 4 * 1.959964]),
    measured(name, 'test', by, [by - 3 * 1.959964, by + 3 * 1.959964]),
  ]
  const one = pair('accuracy', 15.8335)
  expect(betterOnTest({ metrics: one })[0]?.p).toBeCloseTo(0.000771, 6)
  expect(betterOnTest({ metrics: pair('accuracy', 15.4) })).toEqual([])
  expect(betterOnTest({ metrics: [...one, ...pair('recall', 0)] })).toEqual([])
})

it('is asked of rows that are drawn alike alone', () => {
  const of = (problem_type: string, method: string) =>
    drawnAlike({ problem_type, split: { method } } as unknown as Parameters<typeof drawnAlike>[0])
  expect(of('classification', 'stratified')).toBe(true)
  expect(of('regression', 'random')).toBe(true)
  expect(of('regression', 'time')).toBe(false)
  expect(of('classification', 'group')).toBe(false)
  expect(of('recommendation', 'random')).toBe(false)
})

it('stands in a check of its own that warns and does not block, and is not there otherwise', () => {
  const candidate = { run: RUN, metrics: [VALIDATION, measured('roc_auc', 'test', 0.991, [0.982, 0.996])] }
  const facts = { candidate, drawnAlike: true, criteria: [], contradictions: [] } as unknown as GateFacts
  const { warnings, checks } = warningsOf(facts)
  expect(warnings.join()).toContain('suspected of knowing test labels')
  expect(checks).toMatchObject([
    {
      id: 'gap.validation_test',
      status: 'pass',
      message: expect.stringMatching(/^warning, not blocking: susp/),
    },
  ])
  expect(warningsOf({ ...facts, drawnAlike: false }).checks).toEqual([])
})
