import { describe, expect, it } from 'vitest'
import { shownDigits, withShownDigits } from '../../src/core/shown-digits.ts'

describe('the digits of an answer', () => {
  it('are six, and all before the decimal point', () => {
    expect([0.9453280318091452, -0.000123456789, 3.29412345e-32, 1.5].map(shownDigits)).toEqual([
      0.945328, -0.000123457, 3.29412e-32, 1.5,
    ])
    expect([1234567.89, 123456.789, 1234567890123, 0].map(shownDigits)).toEqual([
      1234568, 123457, 1234567890123, 0,
    ])
    expect(shownDigits(Number.NaN)).toBeNaN()
  })

  it('are those of measurements alone: a parameter, a seed or a time is as it was given', () => {
    const measured = {
      name: 'f1',
      source: 'measured',
      split: 'test',
      value: 0.123456789,
      ci: [0.11111111, 1],
    }
    const params = { lr: 0.123456789, value: 0.123456789, name: 'lr' }
    expect(withShownDigits({ runs: [{ metrics: [measured], params }], duration_s: 1.23456789 })).toEqual({
      runs: [{ metrics: [{ ...measured, value: 0.123457, ci: [0.111111, 1] }], params }],
      duration_s: 1.23456789,
    })
    const reported = { name: 'loss', source: 'reported', value: 'NaN' }
    expect(withShownDigits([reported])).toEqual([reported])
  })
})
