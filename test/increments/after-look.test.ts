import { describe, expect, it } from 'vitest'
import type { BaselineRule, Criterion } from '../../src/core/criterion.ts'
import type { Ledger, LedgerLine } from '../../src/evidence/ledger.ts'
import type { GateFacts } from '../../src/increments/gate-facts.ts'
import { recordChecks } from '../../src/increments/record-checks.ts'
import { warningsOf } from '../../src/increments/warning-checks.ts'
import {
  changeSinceLook,
  criteriaSha256,
  frozenCandidate,
} from '../../src/tools/approvals/ledger-decisions.ts'
import { run } from './workspace.ts'

const asks = (value: number): Criterion[] => [{ metric: 'roc_auc', op: '>=', value, split: 'test' }]
const RULE: BaselineRule = { metric: 'roc_auc', lift: 0.2, over: 'best' }

function ledgerOf(...given: [event: string, data: object, more?: Partial<LedgerLine>][]): Ledger {
  const lines = given.map(([event, data, more], index) => ({
    seq: index + 1,
    at: `2026-11-2${index}T08:00:00.000Z`,
    event,
    data: { increment: '0001', ...data },
    key: 'a',
    verified: true,
    ...more,
  }))
  return { chains: [], problems: [], lines: lines as unknown as LedgerLine[] }
}
const frozen = { candidate: '0001/exp-006-thief', success: asks(0.85), baseline: RULE, looks: 3 }
const approved = (value: number) => ({
  kind: 'criteria',
  criteria_sha256: criteriaSha256(asks(value), RULE),
  by: 'ada',
  via: 'terminal',
})

describe('criteria that were changed after the first look', () => {
  const since = (ledger: Ledger, criteria = asks(0.8), rule: BaselineRule | null = RULE) =>
    changeSinceLook(ledger, '0001', criteria, rule)

  it('are known with what they were, and with who approved them', () => {
    const ledger = ledgerOf(['criteria.frozen', frozen], ['approval.given', approved(0.8)])
    expect(since(ledger)).toEqual({
      changes: [
        {
          check: 'criterion.roc_auc.test',
          before: 'roc_auc >= 0.85 on test',
          now: 'roc_auc >= 0.8 on test',
        },
      ],
      approved: { by: 'ada', at: '2026-11-21T08:00:00.000Z', via: 'terminal' },
    })
    expect(since(ledger, asks(0.85))).toBeUndefined()
    // What was approved is 0.8, not whatever came to stand there later.
    expect(since(ledger, asks(0.7))?.approved).toBeUndefined()
    expect(since(ledger, [], null)?.changes).toEqual([
      { check: 'baseline.lift', before: 'roc_auc 20 % better than the best baseline' },
      { check: 'criterion.roc_auc.test', before: 'roc_auc >= 0.85 on test' },
    ])
    expect(since(ledgerOf())).toBeUndefined()
  })

  it('are not approved by who approved before the look: nobody had been told of a change', () => {
    const before = ['approval.given', approved(0.8)] as const
    expect(since(ledgerOf([...before], ['criteria.frozen', frozen]))).not.toHaveProperty('approved')
    // Of one chain the order counts, whatever the clock did between.
    const back = { at: '2026-11-01T08:00:00.000Z' }
    expect(since(ledgerOf(['criteria.frozen', frozen], [...before, back]))).toHaveProperty('approved')
    expect(
      since(ledgerOf(['criteria.frozen', frozen], [...before, { ...back, key: 'b' }])),
    ).not.toHaveProperty('approved')
  })

  const unchanged = (more: Partial<GateFacts>) =>
    recordChecks(facts(more)).find(({ id }) => id === 'criteria.unchanged')

  it('pass the check in words that say so, once a person approved them', () => {
    const criteriaChange = since(ledgerOf(['criteria.frozen', frozen], ['approval.given', approved(0.8)]))
    expect(unchanged({ criteriaChange })).toMatchObject({
      status: 'pass',
      message:
        'changed after the first look: roc_auc >= 0.85 on test -> roc_auc >= 0.8 on test, approved by ada on 2026-11-21 (terminal).',
    })
    const criteriaChanged = { 'criterion.roc_auc.test': 'roc_auc >= 0.85 on test' }
    const waiting = since(ledgerOf(['criteria.frozen', frozen]))
    expect(unchanged({ criteriaChanged, criteriaChange: waiting })?.status).toBe('pending_approval')
    expect(unchanged({})?.message).toBe('The criteria are those of the first look.')
  })
})

const looked = (name: string) =>
  run(name, {
    metrics: [{ name: 'roc_auc', split: 'test', source: 'measured', grade: 'sealed', value: 0.9 }],
  })
const candidate = looked('exp-004-boosting')

function facts(more: Partial<GateFacts>): GateFacts {
  return {
    increment: '0001',
    criteria: asks(0.8),
    looks: { used: 2, budget: 3 },
    runs: [candidate],
    baselines: [],
    candidate,
    criteriaChanged: {},
    evidenceChanged: [],
    documents: { missing: [], placeholders: [] },
    ledger: { ok: true },
    contradictions: [],
    ...more,
  } as unknown as GateFacts
}

describe('a candidate that is not the one of the first look', () => {
  const first = frozenCandidate(ledgerOf(['criteria.frozen', frozen]), '0001')
  const lookedRuns = ['0001/exp-006-thief', candidate.run]
  const testLooked = (more: Partial<GateFacts>) =>
    recordChecks(facts(more)).find(({ id }) => id === 'test.looked')?.message

  it('is named in the check, beside every run that was looked at, and in a warning', () => {
    expect(first).toBe('0001/exp-006-thief')
    const switched = { firstCandidate: first, lookedRuns }
    expect(testLooked(switched)).toMatch(
      /^0001\/exp-004-boosting was evaluated on the sealed test set \(2 of 3 looks used, for 0001\/exp-006-thief, 0001\/exp-004-boosting\); the candidate was switched after the first look at the sealed test set: it was 0001\/exp-006-thief then/,
    )
    expect(warningsOf(facts(switched)).warnings).toContainEqual(
      expect.stringMatching(/candidate was switched after the first look.*exp-006-thief then/),
    )
  })

  it('is not said of one that is', () => {
    const same = { firstCandidate: candidate.run, lookedRuns: [candidate.run, '0001/exp-005-other'] }
    expect(testLooked(same)).toMatch(/for 0001\/exp-004-boosting, 0001\/exp-005-other\)\.$/)
    expect(warningsOf(facts(same)).warnings).toEqual([])
    // A record that is older than that line.
    expect(testLooked({ lookedRuns: ['0001/exp-006-thief'] })).not.toContain('switched')
  })
})
