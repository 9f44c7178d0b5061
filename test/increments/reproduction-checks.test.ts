import { describe, expect, it } from 'vitest'
import type { Check } from '../../src/core/criterion.ts'
import type { Reproduction } from '../../src/core/test-reproduction.ts'
import type { GateFacts } from '../../src/increments/gate-facts.ts'
import { judge } from '../../src/increments/gates.ts'
import { run } from './workspace.ts'

const candidate = run('exp-001-forest', {
  metrics: [{ name: 'accuracy', split: 'test', source: 'measured', grade: 'sealed', value: 0.9 }],
})

const found: Reproduction = {
  run: candidate.run,
  dataset_hash: 'd',
  predictions_sha256: 'p',
  model: 'model.joblib',
  model_sha256: 'm',
  code_sha256: null,
  status: 'reproduced',
  made_by_lab: false,
  rows: 200,
  rows_differ: 0,
  what: null,
  examples: [],
  largest_difference: null,
  tolerance: null,
  reason: null,
}

function facts(over: Partial<GateFacts>): GateFacts {
  return {
    increment: '0001',
    folder: '.specweave/increments/0001-churn',
    problemType: 'classification',
    criteria: [{ metric: 'accuracy', op: '>', value: 0.8, split: 'test' }],
    proposedConfirmed: true,
    baselineRule: null,
    requires: [],
    looks: { used: 1, budget: 3 },
    runs: [candidate],
    baselines: [],
    candidate,
    dataset: 'churn@1',
    documents: { missing: [], placeholders: [] },
    ledger: { ok: true },
    contradictions: [],
    waivers: [],
    criteriaChanged: {},
    evidenceChanged: [],
    pendingApprovals: [],
    ...over,
  }
}

const check = (over: Partial<GateFacts>): Check | undefined =>
  judge(facts(over)).checks.find(({ id }) => id === 'candidate.reproduced')

describe('candidate.reproduced', () => {
  it('is not asked before the look', () => {
    expect(check({})).toBeUndefined()
  })

  it('does not block what an older version looked at, and says how it is done', () => {
    const old = { reproduction: { due: false } }
    expect(judge(facts(old)).verdict).toBe('pass')
    expect(check(old)).toMatchObject({
      status: 'pass',
      message: expect.stringMatching(/^not done, not blocking/),
      next: { tool: 'evaluate_run', arguments: { run: candidate.run, split: 'test' } },
    })
  })

  it('is missing where the look was broken off before the model was asked', () => {
    expect(check({ reproduction: { due: true } })).toMatchObject({ status: 'missing' })
    expect(judge(facts({ reproduction: { due: true } })).verdict).toBe('incomplete')
  })

  it('says the tolerance, and fails with the rows and what to do', () => {
    const near = { ...found, largest_difference: 0.0000012, tolerance: 0.001 }
    expect(check({ reproduction: { due: true, found: near } })).toMatchObject({
      status: 'pass',
      message: expect.stringContaining('largest difference 0.0000012, allowed 0.001'),
    })
    const wrong = {
      ...found,
      status: 'differs' as const,
      what: 'labels' as const,
      rows_differ: 31,
      examples: ['c7 (handed in yes, the model says no)'],
    }
    const failed = check({ reproduction: { due: true, found: wrong } })
    expect(failed?.status).toBe('fail')
    expect(failed?.message).toContain('31 of 200 rows differ: c7 (handed in yes, the model says no).')
    expect(failed?.message).toContain('save the model that made the predictions')
  })

  it('holds for the model that was asked alone', () => {
    const changed = { due: true, found, changed: 'the saved model' }
    expect(check({ reproduction: changed })).toMatchObject({ status: 'fail' })
    expect(
      check({ reproduction: { due: true, found }, modelProblem: 'model.joblib is no longer the file.' }),
    ).toMatchObject({ status: 'fail', message: expect.stringContaining('no longer the file') })
  })

  it('tells who has no SDK how to say what the model is', () => {
    const none = { ...found, status: 'not_possible' as const, model: null, reason: 'the run saved no model' }
    const reproduction = { due: true, found: none }
    expect(check({ reproduction, candidate: { ...candidate, artifacts: [] } })).toMatchObject({
      status: 'missing',
      message: expect.stringContaining('save_model(model)'),
    })
    const artifacts = [{ path: 'm.pkl', bytes: 1, kind: 'model' as const }]
    expect(check({ reproduction, candidate: { ...candidate, artifacts } })?.message).toContain(
      '{"k":"model","n":"m.pkl","format":"joblib"',
    )
  })

  it('asks a model again only where that may come out otherwise', () => {
    const next = (reason: string) =>
      check({ reproduction: { due: true, found: { ...found, status: 'not_possible', reason } } })?.next
    expect(next('it took longer than 40 s')).toMatchObject({ tool: 'evaluate_run' })
    expect(next("ModuleNotFoundError: No module named 'xgboost'")).toMatchObject({ tool: 'evaluate_run' })
    expect(next('Feature names unseen at fit time: area_code')).toMatchObject({ tool: 'run_experiment' })
  })

  it('can be waived by a person', () => {
    const waivers = [
      {
        check: 'candidate.reproduced',
        reason: 'GPU only',
        by: 'Ada',
        at: '2026-11-21T08:00:00Z',
        via: 'terminal',
      },
    ]
    const notPossible = {
      ...found,
      status: 'not_possible' as const,
      reason: 'it took longer than 900 s',
    }
    const verdict = judge(facts({ reproduction: { due: true, found: notPossible }, waivers }))
    expect(verdict.verdict).toBe('pass')
  })
})
