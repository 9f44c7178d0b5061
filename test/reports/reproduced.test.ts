import { expect, it } from 'vitest'
import { renderSummary } from '../../src/reports/summary.ts'
import * as facts from './facts.ts'

it('the summary says when the candidate was repeated, and how it came out', () => {
  const reproduced = { outcome: 'within_noise', at: '2026-11-21T10:00:00.000Z' }
  expect(renderSummary({ ...facts.summaryFacts, reproduced })).toContain(
    '- Run again from its record: within noise on 2026-11-21.',
  )
  expect(renderSummary(facts.summaryFacts)).not.toContain('Run again')
})
