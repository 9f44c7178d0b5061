import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Check } from '../../src/core/criterion.ts'
import { renderAlgorithmDecision } from '../../src/reports/algorithm-decision.ts'
import { renderComparison } from '../../src/reports/comparison.ts'
import { keepModel } from '../../src/reports/keep-model.ts'
import { renderModelsSection } from '../../src/reports/ml-models-page.ts'
import { renderRunbook } from '../../src/reports/runbook.ts'
import { renderSummary } from '../../src/reports/summary.ts'
import * as facts from './facts.ts'
import { cellsOf } from './tables.ts'
import { temporaryFolder } from './temporary-folder.ts'

const decided = {
  waivers: [
    { check: 'data.leakage', reason: 'known before', by: 'Ada', at: '2026-11-21T10:00:00Z', via: 'terminal' },
  ],
  criteriaChange: {
    changes: [
      { check: 'success:accuracy', before: 'accuracy > 0.95 on test', now: 'accuracy > 0.9 on test' },
    ],
    approved: { by: 'Ada', at: '2026-11-21T09:00:00.000Z', via: 'terminal' },
  },
  criteriaProposal: {
    proposed: ['f1 >= 0.5 on test'],
    marked: true,
    confirmed: { by: 'Ada', at: '2026-11-20T09:00:00.000Z', via: 'terminal' },
  },
}
const WAIVED = 'Waived: data.leakage, by Ada on 2026-11-21T10:00:00Z, terminal: known before'
const CHANGED =
  'Criteria changed after the first look: accuracy > 0.95 on test -> accuracy > 0.9 on test, approved by Ada on 2026-11-21 (terminal).'
const PROPOSED =
  'Criteria proposed at creation (f1 >= 0.5 on test); what spec.md asks was confirmed by Ada on 2026-11-20 (terminal).'
const leak: Check = { id: 'data.leakage', status: 'waived', message: 'waived by Ada' }
const fails: Check = { id: 'candidate.reads', status: 'fail', message: 'opened the source' }
const sync = {
  ...facts.syncFacts,
  verdict: { ...facts.verdict, checks: [leak, fails] },
}

const documents: Record<string, (more: object) => string | undefined> = {
  'comparison.md': (more) =>
    renderComparison({ increment: '0042', title: 'x', ...facts.ranking, runs: facts.runs, ...more }),
  'COMPLETION-SUMMARY.md': (more) => renderSummary({ ...facts.summaryFacts, waivers: [], ...more }),
  'the decision record': (more) => renderAlgorithmDecision({ ...sync, ...more }),
  'ml-models.md': (more) => renderModelsSection({ ...sync, ...more }, {}),
  'the runbook': (more) => renderRunbook({ ...sync, ...more }),
}

describe('what people decided', () => {
  for (const [name, render] of Object.entries(documents)) {
    it(`stands in ${name}, however the increment ended`, () => {
      for (const end of [
        { status: 'completed', outcome: 'passed' },
        { status: 'abandoned', outcome: 'not_passed' },
      ]) {
        const lines = render({ ...decided, ...end })?.split('\n')
        expect(lines).toContain(`- ${WAIVED}`)
        expect(lines).toContain(`- ${CHANGED}`)
        expect(lines).toContain(`- ${PROPOSED}`)
      }
      expect(render({})).not.toMatch(/Waived:|changed after|proposed at|Decided by people/)
      const { approved: _, ...waiting } = decided.criteriaChange
      expect(render({ criteriaChange: waiting })).toContain('accuracy > 0.9 on test, approved by nobody.')
      const { confirmed: __, ...proposal } = decided.criteriaProposal
      expect(render({ criteriaProposal: proposal })).toContain('(f1 >= 0.5 on test); confirmed by nobody.')
    })
  }

  it('is no plain tick in the summary', () => {
    const message = 'changed after the first look: a -> b, approved by Ada on 2026-11-21 (terminal).'
    const checks: Check[] = [{ id: 'criteria.unchanged', status: 'pass', message }]
    expect(renderSummary({ ...facts.summaryFacts, verdict: { ...facts.verdict, checks } })).toContain(
      '⚠️ approved by a person criteria.unchanged: changed after the first look',
    )
  })

  it('stands beside what failed in the decision record', () => {
    expect(renderAlgorithmDecision(sync)).toContain(
      '- Last verdict: fail; failed: candidate.reads; waived by a person: data.leakage\n',
    )
  })

  it('stands in the metadata of the kept model, as the increment ended last', () => {
    const runFolder = temporaryFolder()
    writeFileSync(join(runFolder, 'model.joblib'), 'weights')
    const run = { ...facts.boosting, artifacts: [{ path: 'model.joblib', bytes: 7, kind: 'model' as const }] }
    const incrementFolder = temporaryFolder()
    mkdirSync(incrementFolder, { recursive: true })
    const given = { increment: '0042', incrementFolder, runFolder, run }
    const written = () =>
      JSON.parse(readFileSync(join(incrementFolder, 'models/model-v1.metadata.json'), 'utf8'))
    keepModel({ ...given, outcome: 'ready_for_review' })
    expect(written()).toMatchObject({ outcome: 'ready_for_review' })
    expect(written()).not.toHaveProperty('waivers')
    const kept = keepModel({ ...given, outcome: 'not_passed', ...decided })
    expect(kept?.reused).toBe(true)
    expect(written()).toEqual(kept?.metadata)
    expect(written()).toMatchObject({
      version: '0042-v1',
      outcome: 'not_passed',
      waivers: decided.waivers,
      criteria_change: expect.stringContaining('accuracy > 0.95 on test -> accuracy > 0.9 on test'),
      criteria_proposal: expect.stringContaining('confirmed by Ada'),
    })
  })
})

describe('the looks of the summary', () => {
  const looks = (more: object) =>
    renderSummary({ ...facts.summaryFacts, ...more })
      .split('\n')
      .find((line) => line.startsWith('- Looks'))
  const lookedRuns = ['0042/exp-006-slow', facts.boosting.run]

  it('name the runs, and a candidate that was switched after the first', () => {
    expect(looks({ lookedRuns, firstCandidate: '0042/exp-006-slow' })).toMatch(
      /: 1 of 3, for 0042\/exp-006-slow, 0042\/exp-003-boosting\. \*\*The candidate was switched after the first look.*exp-006-slow then and is 0042\/exp-003-boosting now/,
    )
    expect(looks({ lookedRuns, firstCandidate: facts.boosting.run })).toMatch(/exp-003-boosting\.$/)
    expect(looks({})).toBe('- Looks at the sealed test set: 1 of 3.')
  })
})

describe('the row of a lift', () => {
  const row = (more: Partial<Check>) => {
    const check: Check = {
      id: 'baseline.lift',
      status: 'pass',
      message: '',
      asked: 'roc_auc 20 % better than the best baseline',
      measured: { value: 0.924, ci: [0.881, 0.952], grade: 'sealed' },
      lift: { target: 0.7407, baseline: 'rule-based', baselineValue: 0.6758 },
      ...more,
    }
    const text = renderSummary({ ...facts.summaryFacts, verdict: { ...facts.verdict, checks: [check] } })
    return cellsOf(text.split('\n').find((line) => line.startsWith('| baseline.lift')) ?? '')
  }
  const over = { difference: 0.1833, ci: [0.1397, 0.2119] as [number, number], confidence: 1 - 0.05 / 3 }
  const lift = { target: 0.7407, baseline: 'rule-based', baselineValue: 0.6758, over }

  it('holds the target, the baseline that sets it, and the interval by which it was decided', () => {
    expect(row({ lift })).toEqual([
      'baseline.lift',
      'roc_auc 20 % better than the best baseline: target 0.741, set by the baseline rule-based with 0.676',
      '0.924 [0.881, 0.952] sealed; measured - target 0.183 [0.140, 0.212], 98.33 %, paired',
      '',
      '✅ pass',
    ])
    // As many digits as keep the value apart from the target.
    const near = { value: 0.74066, grade: 'sealed' as const }
    const [, asked, found] = row({ lift, status: 'fail', measured: near })
    expect(asked).toContain('target 0.74070,')
    expect(found).toMatch(/^0\.74066 sealed; measured - target/)
  })

  it('says where there is no interval', () => {
    expect(row({})[2]).toContain('the value alone decided')
    expect(row({ status: 'missing' })[2]).toContain('no interval yet')
  })
})
