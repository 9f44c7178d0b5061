import { expect, it } from 'vitest'
import type { Measurement } from '../../src/core/measurement.ts'
import type { RunSummary } from '../../src/core/run-summary.ts'
import { afterComparison } from '../../src/tools/comparison/after-comparison.ts'

const measured = (split: 'test' | 'validation'): Measurement => ({
  name: 'roc_auc',
  split,
  source: 'measured',
  value: 0.9,
})
const best = (...metrics: Measurement[]) => ({ run: '0001/exp-004-a', metrics }) as unknown as RunSummary
const tools = (...given: Parameters<typeof afterComparison>) =>
  afterComparison(...given).map((step) => ('tool' in step ? step.tool : step.person))

it('leads to the look, after it to the verdict, and in a closed increment nowhere', () => {
  const open = { id: '0001', status: 'active' } as const
  const fresh = best(measured('validation'))
  expect(tools(fresh, open, [], [], false)).toEqual(['evaluate_run'])
  expect(tools(best(measured('validation'), measured('test')), open, [], [], false)).toEqual([
    'validate_increment',
  ])
  expect(tools(undefined, open, [], [], false)).toEqual([])
  expect(
    tools(fresh, { id: '0001', status: 'completed' }, [{ person: 'more seeds', why: '' }], [], false),
  ).toEqual([])
  expect(
    tools(fresh, open, [{ person: 'more seeds', why: '' }], [{ person: 'before', why: '' }], true),
  ).toEqual(['more seeds', 'before', 'evaluate_run'])
})
