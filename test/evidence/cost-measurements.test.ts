import { describe, expect, it } from 'vitest'
import { type CostMeasurement, longerAtMost } from '../../src/evidence/cost-evidence.ts'
import { decidedFigures, measuredTimes } from '../../src/evidence/cost-measurements.ts'

const measured = (value: number, more: Partial<CostMeasurement> = {}): CostMeasurement => ({
  at: '2026-11-21T08:00:00.000Z',
  model_sha256: 'ab',
  machine: 'EPYC, 2 cores',
  metrics: [
    { name: 'latency_p99_ms', value, ci: [value - 1, value + 1] },
    { name: 'throughput_rps', value: 1000 / value },
  ],
  disturbances: [],
  longer_at_most: null,
  ...more,
})
const busy = { disturbances: ['the machine was busy'], longer_at_most: 3 }
const p99 = (...all: CostMeasurement[]) => decidedFigures(all).find(({ name }) => name === 'latency_p99_ms')
const words = (...all: CostMeasurement[]) => {
  const figure = p99(...all)
  return figure && measuredTimes(figure)
}

describe('the figures that count of several measurements', () => {
  it('are those of the only one, with nothing said', () => {
    expect(p99(measured(50))).toMatchObject({ value: 50, ci: [49, 51] })
    expect(words(measured(50))).toBeUndefined()
    expect(decidedFigures([])).toEqual([])
  })

  it('are not those of the best, and of two are those of the worse', () => {
    expect(p99(measured(104.6), measured(50.3))).toMatchObject({ value: 104.6, ci: [103.6, 105.6] })
    expect(words(measured(104.6), measured(50.3))).toBe('measured 2 times: 104.6, 50.3; the worse one counts')
    // Where more is better, the worse one is the lower.
    const rates = decidedFigures([measured(100), measured(50)])
    expect(rates.find(({ name }) => name === 'throughput_rps')).toMatchObject({ value: 10 })
  })

  it('are in the middle, so that more than half of the measurements keep a limit that holds', () => {
    expect(p99(measured(104.6), measured(50.3), measured(49))).toMatchObject({ value: 50.3 })
    expect(p99(measured(104.6), measured(50.3), measured(49), measured(120))).toMatchObject({ value: 104.6 })
    expect(words(measured(104.6), measured(50.3), measured(49))).toContain('; the middle one counts')
    expect(words(measured(1), measured(2), measured(3), measured(4))).toContain(
      'the worse of the two in the middle',
    )
  })

  it('leave out what was measured beside other work where something else was, good or bad', () => {
    expect(p99(measured(104.6, busy), measured(50.3))).toMatchObject({ value: 50.3, longer_at_most: null })
    expect(p99(measured(20, busy), measured(50.3))).toMatchObject({ value: 50.3 })
    expect(words(measured(104.6, busy), measured(50.3))).toBe(
      'measured 2 times: 104.6 (left out: the machine was busy), 50.3',
    )
    expect(p99(measured(104.6, busy), measured(50, busy))).toMatchObject({ value: 104.6, longer_at_most: 3 })
  })

  it('stay where a later measurement came to nothing', () => {
    const nothing = measured(0, { metrics: [], machine: 'unknown machine' })
    expect(p99(measured(104.6), nothing)).toMatchObject({ value: 104.6, values: [{ value: 104.6 }] })
  })

  it('are of the machine and the model file of the last, and name the others', () => {
    const other = measured(10, { machine: 'M4, 10 cores' })
    expect(p99(other, measured(50))).toMatchObject({ value: 50 })
    expect(words(other, measured(50))).toContain('10 (left out: another machine), 50')
    expect(words(measured(10, { model_sha256: 'cd' }), measured(50))).toContain(
      '10 (left out: another model file)',
    )
  })
})

describe('how much longer other work made a call', () => {
  const machine = { cpu: 'EPYC', cores: 2, system: '', architecture: '', python: '', threads: {} }
  const calls = { warm_up: 1, calls: 1000, seconds: 2 }
  it.each([
    [null, { load_average: [1.5, 1, 1] }, 5, []],
    [null, { load_average: null }, 25, []],
    [10.5, { load_average: [20, 1, 1] }, 0, []],
    [1, { load_average: [0, 0, 0] }, 0, ['0001/exp-002-control-a']],
    [1, { load_average: [1, 1, 1] }, 500, []],
  ])('is at most %d, of %j, %d interruptions and %j beside', (longer, load, interruptions, beside) => {
    const single = { ...calls, interruptions }
    expect(longerAtMost({ machine: { ...machine, ...load }, single, beside })).toBe(longer)
  })
})
