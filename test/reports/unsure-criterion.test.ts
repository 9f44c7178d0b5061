import { describe, expect, it } from 'vitest'
import type { Check } from '../../src/core/criterion.ts'
import { formatMeasurement } from '../../src/reports/number-format.ts'
import { renderSummary } from '../../src/reports/summary.ts'
import { summaryFacts, verdict } from './facts.ts'

const repeated = 'measured 2 times: 104.6 (left out: the machine was busy), 50.3'
const latency = (more: object): Check => ({
  id: 'criterion.latency_p99_ms',
  status: 'pass',
  message: 'latency_p99_ms < 100: measured 50.3',
  asked: 'latency_p99_ms < 100',
  measured: { value: 50.3, ci: [46.5, 245.4], ...more },
})
const row = (check: Check) =>
  renderSummary({ ...summaryFacts, verdict: { ...verdict, checks: [check] } })
    .split('\n')
    .find((line) => line.startsWith('| criterion.latency_p99_ms'))

describe('the summary of a criterion whose interval reaches across its limit', () => {
  it('puts no plain tick, and says how often it was measured', () => {
    expect(row(latency({ unsure: true, repeated }))).toMatch(
      /50\.3 \[46\.5, 245(?:\.4)?\] \(measured 2 times: 104\.6 .*50\.3\).* ⚠️ pass: the interval reaches across/,
    )
    expect(row(latency({ ci: [46.5, 60] }))).toMatch(/\| ✅ pass +\|$/)
  })

  it('shows every measurement wherever a figure stands', () => {
    expect(formatMeasurement({ value: 50.3, repeated })).toBe(`50.3 (${repeated})`)
  })
})
