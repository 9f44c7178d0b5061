import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  digitsAgainst,
  formatBytes,
  formatDifference,
  formatDuration,
  formatInterval,
  formatNumber,
  formatP,
} from '../../src/reports/number-format.ts'

describe('numbers', () => {
  it.each([
    [0.9531, '0.953'],
    [0.95, '0.950'],
    [1, '1.000'],
    [0, '0.000'],
    [-0.00001, '-0.0000100'],
    [0.9996, '0.9996'],
    [0.99999999, '0.99999999'],
    [12.345, '12.3'],
    [48213.4, '48213'],
    [1.5e20, '1.50e+20'],
    [1.5e-9, '1.50e-9'],
    ['NaN', 'NaN'],
    [Number.POSITIVE_INFINITY, 'Infinity'],
  ] as const)('%s is written %s', (value, text) => {
    expect(formatNumber(value)).toBe(text)
  })

  it('keeps a value apart from the limit that it misses', () => {
    expect(formatNumber(0.8996, digitsAgainst(0.8996, 0.9))).toBe('0.8996')
    expect(digitsAgainst(0.91, 0.9)).toBe(3)
    expect(digitsAgainst(0.9, 0.9)).toBe(3)
    expect(digitsAgainst(0.9, Number.NaN)).toBe(3)
  })

  it('writes intervals with the decimals of the value, differences with those of the largest', () => {
    expect(formatInterval(0.953, [0.9412, 0.9629])).toBe('0.953 [0.941, 0.963]')
    expect(formatInterval(1234.5, [1200.04, 1270])).toBe('1235 [1200, 1270]')
    expect(formatInterval(0.5, undefined)).toBe('0.500')
    expect(formatDifference(0.004, [-0.01, 0.018])).toBe('0.0040 [-0.0100, 0.0180]')
    expect(formatDifference(0.087, [0.066, 0.108])).toBe('0.087 [0.066, 0.108]')
    expect(formatP(0)).toBe('p < 0.001')
    expect(formatP(0.0123)).toBe('p = 0.012')
  })

  it('never writes a number below 1 as 1, nor a sign on zero', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.5, max: 0.999999999, noNaN: true }), (value) => {
        expect(Number(formatNumber(value))).toBeLessThan(1)
      }),
    )
    expect(formatInterval(0.5, [-0.0001, 1])).toBe('0.500 [0.000, 1.000]')
  })

  it('is within rounding of any number', () => {
    fc.assert(
      fc.property(fc.double({ min: -1e300, max: 1e300, noNaN: true }), (value) => {
        const back = Number(formatNumber(value))
        expect(Math.abs(back - value)).toBeLessThanOrEqual(Math.max(0.5, Math.abs(value) * 0.006))
        if (Math.abs(value) < 1) expect(Math.abs(back - value)).toBeLessThanOrEqual(0.0006)
      }),
    )
  })
})

describe('durations and sizes', () => {
  it.each([
    [0.04, '0.0 s'],
    [9.94, '9.9 s'],
    [9.96, '10 s'],
    [59.6, '1 min'],
    [2710, '45 min 10 s'],
    [7500, '2 h 5 min'],
    [86_399, '1 d'],
    [90_000, '1 d 1 h'],
    [Number.NaN, 'unknown'],
    [-1, 'unknown'],
  ])('%d s is %s', (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text)
  })

  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [345_678, '346 kB'],
    [999_999, '1.0 MB'],
    [12_000_000, '12 MB'],
    [3e15, '3.0 PB'],
  ])('%d bytes are %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text)
  })
})
