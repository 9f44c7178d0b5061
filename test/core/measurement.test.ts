import { describe, expect, it } from 'vitest'
import { findMeasured, type Measurement, sortMeasurements } from '../../src/core/measurement.ts'

const metrics: Measurement[] = [
  { name: 'loss', source: 'reported', value: 'NaN' },
  { name: 'f1', split: 'validation', source: 'measured', grade: 'open', value: 0.8 },
  { name: 'accuracy', split: 'validation', source: 'measured', grade: 'open', value: 0.9 },
  { name: 'latency_ms', source: 'measured', value: 3 },
  { name: 'accuracy', split: 'train', source: 'measured', grade: 'open', value: 1 },
  { name: 'accuracy', split: 'validation', source: 'reported', value: 0.99 },
  { name: 'accuracy', split: 'test', source: 'measured', grade: 'sealed', value: 0.88 },
]

describe('measurements', () => {
  it('stand measured first, then by split and name, and the given list is left alone', () => {
    const before = [...metrics]
    expect(sortMeasurements(metrics).map((m) => `${m.source} ${m.split} ${m.name}`)).toEqual([
      'measured test accuracy',
      'measured validation accuracy',
      'measured validation f1',
      'measured train accuracy',
      'measured undefined latency_ms',
      'reported validation accuracy',
      'reported undefined loss',
    ])
    expect(metrics).toEqual(before)
  })

  it('are found only where they were measured, on that split, as a number', () => {
    expect(findMeasured(metrics, 'accuracy', 'validation')?.value).toBe(0.9)
    expect(findMeasured(metrics, 'latency_ms', undefined)?.value).toBe(3)
    expect(findMeasured(metrics, 'loss', undefined)).toBeUndefined()
    expect(findMeasured(metrics, 'f1', 'test')).toBeUndefined()
    const odd: Measurement[] = [{ name: 'x', split: 'test', source: 'measured', value: 'NaN' }]
    expect(findMeasured(odd, 'x', 'test')).toBeUndefined()
  })
})
