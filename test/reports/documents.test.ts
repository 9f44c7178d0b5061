import { describe, expect, it } from 'vitest'
import { renderAlgorithmDecision } from '../../src/reports/algorithm-decision.ts'
import { type ComparisonFacts, renderComparison } from '../../src/reports/comparison.ts'
import { renderModelsSection } from '../../src/reports/ml-models-page.ts'
import { PROGRAM_NOTE } from '../../src/reports/program-note.ts'
import { renderRunbook } from '../../src/reports/runbook.ts'
import { renderSummary } from '../../src/reports/summary.ts'
import * as facts from './facts.ts'
import { cellsOf } from './tables.ts'

const comparison: ComparisonFacts = {
  increment: '0042',
  title: 'Churn model',
  ...facts.ranking,
  runs: facts.runs,
  differences: facts.differences,
}
const rowOf = (text: string, name: string) =>
  text.split('\n').find((line) => line.startsWith(`| \`${name}\``)) ?? ''

describe('comparison.md', () => {
  const text = renderComparison(comparison)

  it('holds every run, with its end, measured beside reported', () => {
    for (const { name } of facts.runs) expect(rowOf(text, name)).not.toBe('')
    expect(cellsOf(rowOf(text, 'exp-003-boosting'))).toEqual([
      '`exp-003-boosting` ✅ BEST',
      'succeeded',
      '0.953 [0.941, 0.963] open',
      '0.990',
      '0.9996',
      '0.950 [0.936, 0.961] sealed',
      '4.2 s',
    ])
    expect(rowOf(text, 'exp-001-baseline-majority')).toContain('(baseline: majority)')
    expect(text).toContain('- `exp-005-forest` was lost: the process is gone without an exit code')
    expect(text).toContain('- `exp-006-slow` was stopped: no reason was recorded')
  })

  it('marks one BEST by measured validation, whatever was reported', () => {
    expect(text.match(/✅ BEST/g)).toHaveLength(1)
    const typed = facts.run('exp-009-typed', { metrics: [facts.reported('accuracy', 0.999)] })
    expect(
      rowOf(renderComparison({ ...comparison, runs: [...facts.runs, typed] }), 'exp-003-boosting'),
    ).toContain('BEST')
    const onlyTyped = renderComparison({ ...comparison, runs: [typed] })
    expect(onlyTyped).not.toContain('✅ BEST')
    expect(onlyTyped).toContain('none is marked BEST')
  })

  it('says where a reported number is not the measured one', () => {
    expect(text).toContain(
      'the script reported accuracy 0.990, without naming a split; the lab measured accuracy 0.953',
    )
    expect(text).not.toContain('the script reported val\\_accuracy')
    expect(text).toContain('`exp-006-slow`: the script reported accuracy 0.990; nothing was measured.')
  })

  it('says differences in words, and never that two runs are equal', () => {
    expect(text).toContain('`exp-003-boosting` is better than `exp-002-logistic` by 0.087 [0.066, 0.108]')
    expect(text).toContain('No difference shown between')
    expect(text).not.toMatch(/equal|same as|as good/i)
  })

  it('ranks by the smaller value where less is better, and says when no run is ahead of a baseline', () => {
    const rmse = (value: number) => [facts.measured('rmse', 'validation', value)]
    const runs = [
      facts.run('exp-001-a', { metrics: rmse(9) }),
      facts.run('exp-002-b', { metrics: rmse(7) }),
      facts.run('exp-003-median', { baseline: 'rule-based', metrics: rmse(6) }),
    ]
    const other = renderComparison({
      ...comparison,
      metric: 'rmse',
      direction: 'minimize',
      runs,
      differences: [],
    })
    expect(rowOf(other, 'exp-002-b')).toContain('BEST')
    expect(other).toContain('no run is ahead of it')
  })

  it('shows a baseline on test only beside a run that was looked at', () => {
    const unlooked = renderComparison({ ...comparison, runs: [facts.baseline, facts.logistic] })
    expect(unlooked).not.toContain('0.861')
    expect(unlooked).not.toContain('sealed |')
  })

  it('masks parameters that are named like secrets', () => {
    const runs = ['hunter22', 'hunter33'].map((api_key, index) =>
      facts.run(`exp-01${index}-x`, { params: { api_key } }),
    )
    expect(renderComparison({ ...comparison, runs })).not.toContain('hunter')
  })

  it('has a text for no runs', () => {
    expect(renderComparison({ ...comparison, runs: [] })).toBe('No run was made yet.')
  })
})

describe('COMPLETION-SUMMARY.md', () => {
  const text = renderSummary(facts.summaryFacts)

  it('opens with the verdict and its table', () => {
    const [title, verdict, criteria] = text.split('\n\n')
    expect(title).toBe('# Churn model - NOT PASSED')
    expect(verdict).toMatch(/^\*\*Verdict: fail\*\*, judged on `exp-003-boosting`\./)
    expect(criteria?.split('\n').map(cellsOf)).toEqual([
      ['Criterion', 'Asked', 'Measured', 'Reported', 'Check'],
      ['----------------------', expect.anything(), expect.anything(), '--------', '----------'],
      [
        'success:accuracy',
        'accuracy > 0.95 (at the first look: accuracy > 0.97)',
        '0.9496 [0.9360, 0.9610] sealed',
        '0.990',
        '❌ fail',
      ],
      ['success:latency_p99_ms', 'latency_p99_ms < 100', 'not measured', '', '⬜ missing'],
    ])
  })

  it('then says tries, looks, waivers, what was not checked and how to verify', () => {
    const at = (part: string) => {
      expect(text).toContain(part)
      return text.indexOf(part)
    }
    const places = [
      at('Tries: 3. A try is a run of a candidate'),
      at('Looks at the sealed test set: 1 of 3'),
      at('Waived: notes, by Ada on 2026-11-21T10:00:00Z, terminal: told in person'),
      at('Not checked:'),
      at(`\`\`\`sh\nnpx specweave-ml verify --recompute\n\`\`\`\n\n${PROGRAM_NOTE}`),
      at('## Experiments Run: 6'),
      at('## Best Model'),
      at('## Deployment Ready'),
      at('## What was learned'),
      at('## Checks that passed'),
    ]
    expect(places).toEqual([...places].sort((a, b) => a - b))
  })

  it('marks the best and keeps the lessons of failures', () => {
    expect(text).toContain('3. `exp-003-boosting`: accuracy=0.953 [0.941, 0.963] ✅ BEST')
    expect(text).toContain('loss is NaN after 3 epochs. Noted: FAILED: unscaled features')
    expect(text).not.toContain('Traceback')
    expect(text).toContain('its models are not to be promoted')
  })

  it('says of a pass what is known for deployment and what is not', () => {
    const passed = renderSummary({
      ...facts.summaryFacts,
      outcome: 'passed',
      verdict: { ...facts.verdict, verdict: 'pass' },
    })
    expect(passed).toMatch(/^# Churn model - COMPLETE\n/)
    expect(passed).toContain('- ⬜ Inference latency: not measured')
    expect(passed).toContain('- ⬜ T-007 Model explainability: skipped: nobody asked')
    expect(passed).toContain('- ✅ T-009 A/B test plan: ticked in tasks.md, not checked by the lab')
    expect(renderSummary({ ...facts.summaryFacts, outcome: 'ready_for_review' })).toContain(
      '- READY FOR REVIEW',
    )
  })

  it('names the machine that a cost was measured on', () => {
    const cost = (name: string, value: number) => ({ name, source: 'measured' as const, value })
    const measuredCost = facts.summaryFacts.runs.map((run) =>
      run.run === facts.verdict.candidate
        ? { ...run, metrics: [...run.metrics, cost('latency_p99_ms', 2.5), cost('latency_p90_ms', 2)] }
        : run,
    )
    const text = renderSummary({
      ...facts.summaryFacts,
      outcome: 'passed',
      costMachine: 'EPYC, 2 cores',
      runs: measuredCost,
    })
    expect(text).toContain('Costs were measured on EPYC, 2 cores.')
    expect(text).toMatch(/- ✅ latency_p99_ms: 2\.50*, measured\n/)
    expect(text).not.toContain('✅ latency_p90_ms')
    const busy = renderSummary({
      ...facts.summaryFacts,
      outcome: 'passed',
      costMachine: 'EPYC, 2 cores',
      costDisturbances: ['the machine was busy'],
      runs: measuredCost,
    })
    expect(busy).toContain('Costs were measured on EPYC, 2 cores. ⚠️ The machine was busy.\n')
    expect(busy).toMatch(/- ⚠️ latency_p99_ms: 2\.50*, measured\n/)
    expect(text).not.toContain('Inference latency: not measured')
    const costNotMeasured = { latency_p99_ms: 'loading took longer than 32 s' }
    expect(renderSummary({ ...facts.summaryFacts, outcome: 'passed', costNotMeasured })).toContain(
      '- ⬜ Inference latency: not measured: loading took longer than 32 s',
    )
  })

  it('stands without runs, data or candidate', () => {
    const bare = renderSummary({
      ...facts.summaryFacts,
      runs: [],
      dataset: undefined,
      verdict: { verdict: 'incomplete', checks: [] },
      differences: undefined,
      waivers: [],
      notChecked: [],
    })
    expect(bare).toContain('no run was judged')
    expect(bare).toContain('## Experiments Run: 0\n\nNone.')
    expect(bare).not.toContain('undefined')
  })
})

describe('living documents', () => {
  it('decides with measured numbers, intervals and what would change it', () => {
    const text = renderAlgorithmDecision(facts.syncFacts) ?? ''
    for (const heading of [
      'Context',
      'Considered alternatives',
      'Decision',
      'Consequences',
      'What would change this',
    ])
      expect(text).toContain(`## ${heading}\n`)
    expect(text).toMatch(/^- Status: accepted\n/)
    expect(rowOf(text, 'exp-004-neural-net')).toContain('failed: ValueError: loss is NaN')
    expect(renderAlgorithmDecision({ ...facts.syncFacts, status: 'abandoned' })).toContain('Status: rejected')
    expect(renderAlgorithmDecision({ ...facts.syncFacts, runs: [facts.broken] })).toBeUndefined()
  })

  it('tells how to train again, with the parameters, and what went wrong before', () => {
    const text = renderRunbook(facts.syncFacts)
    const call = /specweave-ml call run_experiment '(.*)'/.exec(text)?.[1] ?? ''
    expect(text).toContain('specweave-ml call create_increment')
    expect(text).toContain(PROGRAM_NOTE)
    expect(JSON.parse(call)).toEqual({
      name: 'boosting',
      command: ['python', 'train.py'],
      params: { C: 2, learning_rate: 0.1 },
      dataset: 'churn@1',
      seeds: [7],
      again: true,
    })
    expect(rowOf(text, 'learning_rate')).toContain('`0.1`')
    expect(text).toContain('scikit-learn 1.9.0')
    expect(text).toContain('Lower the learning rate')
    expect(text).toContain('Increment 0042 is closed')
  })

  it('lists the models of an increment, with its data, run and documents', () => {
    const text = renderModelsSection(facts.syncFacts, { decision: 'adr/0001-churn-model-algorithm.md' })
    expect(text).toContain('[decision](adr/0001-churn-model-algorithm.md)')
    expect(text).toContain('../../../increments/0042-churn-model/COMPLETION-SUMMARY.md')
    expect(text).toContain('0.950 [0.936, 0.961]')
    const planned = {
      ...facts.syncFacts,
      status: 'planned',
      runs: [],
      verdict: undefined,
      ranking: undefined,
    } as const
    expect(renderModelsSection(planned, {})).toContain('No model yet.')
  })
})
