import { describe, expect, it } from 'vitest'
import type { ControlLine } from '../../src/core/control-measured.ts'
import type { LeakageFinding } from '../../src/core/dataset-record.ts'
import { type ControlFact, controlChecks } from '../../src/increments/control-checks.ts'
import type { GateFacts } from '../../src/increments/gate-facts.ts'
import { type DataSearch, dataChecks } from '../../src/increments/leakage-checks.ts'
import { run } from './workspace.ts'

const found = (over: Partial<LeakageFinding> = {}): LeakageFinding => ({
  kind: 'target',
  column: 'status',
  certain: false,
  message: 'Column "status" tells too much.',
  ...over,
})

const search = (over: Partial<DataSearch> = {}, findings: LeakageFinding[] = []): DataSearch => ({
  dataset: 'churn@1',
  changed: false,
  leakage: { format: 1, rows: 900, columns: 19, searched: ['19 columns'], findings, repeats: {} },
  controls: { format: 1, evaluator: '0.1.0', passed: ['accuracy'], failed: [], not_asked: [] },
  ...over,
})

const dataCheck = (one: DataSearch, id: string) =>
  dataChecks({ search: one, problemType: 'classification' } as GateFacts).find((check) => check.id === id)!

describe('data.leakage', () => {
  it('passes with what was searched, also where something is named that is no proof', () => {
    expect(dataCheck(search(), 'data.leakage')).toMatchObject({
      status: 'pass',
      message: 'churn@1 was searched and nothing was found: 19 columns.',
    })
    expect(dataCheck(search({}, [found()]), 'data.leakage')).toMatchObject({
      status: 'pass',
      message: expect.stringMatching(/^warning, not blocking: Column "status" tells too much\./),
    })
  })

  it('fails for what is certain, and for a record that the ledger does not know', () => {
    const certain = dataCheck(
      search({}, [found(), found({ certain: true, message: 'It is.' })]),
      'data.leakage',
    )
    expect(certain).toMatchObject({ status: 'fail', message: 'It is.' })
    expect(dataCheck(search({ changed: true }), 'data.leakage').status).toBe('fail')
  })

  it('is not done for a version of before', () => {
    const older = dataCheck(search({ leakage: undefined }), 'data.leakage')
    expect(older).toMatchObject({ status: 'pass', message: expect.stringMatching(/^not done, not blocking/) })
  })
})

describe('evaluator.controls', () => {
  it('fails by name', () => {
    const controls = {
      format: 1 as const,
      evaluator: '0.1.0',
      passed: ['accuracy'],
      failed: [{ metric: 'f1', split: 'test' }],
      not_asked: [],
    }
    expect(dataCheck(search({ controls }), 'evaluator.controls')).toMatchObject({
      status: 'fail',
      message: expect.stringContaining('f1 on test'),
    })
    expect(dataCheck(search(), 'evaluator.controls').status).toBe('pass')
  })

  it('is not done where there was nothing to ask', () => {
    const controls = {
      format: 1 as const,
      evaluator: '0.1.0',
      passed: [],
      failed: [],
      not_asked: [{ split: 'test', why: 'few rows' }],
    }
    for (const one of [search({ controls }), search({ controls: undefined })])
      expect(dataCheck(one, 'evaluator.controls')).toMatchObject({
        status: 'pass',
        message: expect.stringMatching(/^not done, not blocking/),
      })
  })
})

describe('control.shuffled_labels', () => {
  const measured = {
    run: '0001/exp-009-control-gb',
    of: '0001/exp-004-gb',
    verdict: 'fail',
    metric: 'roc_auc',
    value: 0.9,
    chance: 0.5,
    bound: 0.55,
    original: 0.91,
  } as ControlLine
  const check = (control: ControlFact) =>
    controlChecks({ control, candidate: run('exp-004-gb'), increment: '0001' } as GateFacts)[0]!

  it('fails where the control is better than chance, and passes where it is not', () => {
    expect(check({ measured })).toMatchObject({
      status: 'fail',
      evidence: measured.run,
      message: expect.stringContaining('roc_auc 0.9 on the real validation labels (chance 0.5'),
    })
    expect(check({ measured: { ...measured, verdict: 'pass' } }).status).toBe('pass')
  })

  it('does not block where it is running, was not measured, cannot be, or was not asked for', () => {
    const words = [
      check({ running: measured.run }),
      check({ unmeasured: { run: measured.run, why: 'failed' } }),
      check({ impossible: 'a series' }),
      check({}),
    ]
    expect(words.map(({ status }) => status)).toEqual(['pass', 'pass', 'pass', 'pass'])
    expect(words.map(({ message }) => message.split(':')[0])).toEqual([
      'running, not blocking',
      'not done, not blocking',
      'not done, not blocking',
      'not done, not blocking',
    ])
    expect(words[3]!.message).toContain(
      'specweave-ml run-experiment --control shuffled_labels --of 0001/exp-004-gb',
    )
  })
})
