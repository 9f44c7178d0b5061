import { describe, expect, it } from 'vitest'
import { renderAlgorithmDecision } from '../../src/reports/algorithm-decision.ts'
import { bestRun } from '../../src/reports/best-run.ts'
import { renderComparison } from '../../src/reports/comparison.ts'
import { lessons } from '../../src/reports/lessons.ts'
import { renderModelsSection } from '../../src/reports/ml-models-page.ts'
import { renderRunbook } from '../../src/reports/runbook.ts'
import { renderSummary } from '../../src/reports/summary.ts'
import * as facts from './facts.ts'

const MARK = 'seen reading test labels: not judgeable'
const copied = facts.run('exp-007-copied', {
  metrics: [facts.measured('accuracy', 'validation', 1, [0.99, 1]), facts.measured('accuracy', 'train', 1)],
  notes: ['Looking answers up works best.'],
  notJudgeable: {
    check: 'candidate.reads',
    mark: MARK,
    reason: '0042/exp-007-copied was seen opening data.csv, the registered source.',
  },
})
const runs = [...facts.runs, copied]
const over = facts.differences.concat({
  a: copied.run,
  b: facts.boosting.run,
  difference: 0.047,
  ci: [0.03, 0.06],
  p: 0.001,
  p_adjusted: 0.002,
  verdict: 'better',
})

describe('a run that no verdict may rest on', () => {
  it('is marked with its reason in comparison.md, and never BEST or compared', () => {
    const text = renderComparison({
      increment: '0042',
      title: 'Churn',
      ...facts.ranking,
      runs,
      differences: over,
    })
    expect(text).toContain(`| \`exp-007-copied\` (${MARK}) | succeeded | 1.000 [0.990, 1.000] open`)
    expect(text).toMatch(/`exp-003-boosting` ✅ BEST/)
    expect(text.match(/✅ BEST/g)).toHaveLength(1)
    expect(text).toContain('`exp-007-copied` has a better number, which is not judgeable.')
    expect(text).toContain('## Not judgeable\n\n- `exp-007-copied`')
    expect(text).toContain('was seen opening data.csv, the registered source. The check is candidate.reads.')
    expect(text).not.toContain('`exp-007-copied` is better than')
    expect(
      renderComparison({ increment: '0042', title: 'Churn', ...facts.ranking, runs: [copied] }),
    ).toContain('No succeeded run that is judgeable has a measured `accuracy`')
  })

  it('is in the summary, marked, and teaches nothing but that', () => {
    const text = renderSummary({ ...facts.summaryFacts, runs, differences: over })
    expect(text).toContain(`\`exp-007-copied\`: accuracy=1.000 [0.990, 1.000] (${MARK})`)
    expect(text).toContain('## Not judgeable')
    const learned = lessons(runs, facts.ranking, over).join('\n')
    expect(learned).toContain('On validation, `exp-003-boosting` has')
    expect(learned).toContain(`Nothing is learned from the figures of \`exp-007-copied\` (${MARK})`)
    expect(learned).not.toContain('Looking answers up')
    expect(learned).not.toContain('is better than `exp-003-boosting`')
  })

  it('is no alternative of the decision: it says why not', () => {
    const text = renderAlgorithmDecision({ ...facts.syncFacts, runs, candidate: facts.boosting.run }) ?? ''
    expect(text).toMatch(new RegExp(`\`exp-007-copied\`.*\\| ${MARK}`))
    expect(text).not.toContain('It is not the best on validation')
    const rows = text.split('\n').filter((line) => line.startsWith('| `exp-'))
    for (const row of rows.filter((line) => !line.includes('(chosen)')))
      expect(row.split('|').at(-2)?.trim(), row).not.toBe('')
  })

  it('says of a run that is ahead and was not chosen why', () => {
    const ahead = facts.run('exp-008-later', { metrics: [facts.measured('accuracy', 'validation', 0.96)] })
    const text = renderAlgorithmDecision({
      ...facts.syncFacts,
      runs: [...runs, ahead],
      candidate: facts.boosting.run,
    })
    expect(text).toContain('It is not the best on validation: `exp-008-later` is.')
    expect(text).toContain('ahead on validation; the candidate is the run that test was looked at for')
  })

  it('is said of the candidate itself, in every document', () => {
    const judged = { ...facts.syncFacts, runs, candidate: copied.run }
    expect(renderAlgorithmDecision(judged)).toContain(
      '**No verdict may rest on it**: 0042/exp-007-copied was seen',
    )
    expect(renderAlgorithmDecision(judged)).toContain(
      'Best on validation of those that are judgeable is `exp-003-boosting`.',
    )
    expect(renderAlgorithmDecision(judged)).not.toContain('behind on validation')
    const summary = renderSummary({
      ...facts.summaryFacts,
      runs,
      verdict: { ...facts.verdict, candidate: copied.run },
    })
    expect(summary).toContain(`judged on \`exp-007-copied\` (${MARK}).`)
    expect(summary).toContain('sealed (not judgeable)')
    expect(summary).toContain('No verdict may rest on the candidate, and it is not called best')
    expect(summary).toContain(', the candidate; best on validation is `exp-003-boosting`')
    expect(renderRunbook(judged)).toContain(`**No verdict may rest on this run** (${MARK})`)
    expect(renderModelsSection(judged, {})).toContain(`\`exp-007-copied\` (${MARK})`)
  })

  it('stands as before where a person waived the check, and that stays visible', () => {
    const waived = { ...copied, notJudgeable: { ...copied.notJudgeable!, waived: true } }
    expect(bestRun([...facts.runs, waived], facts.ranking)?.run).toBe(copied.run)
    const text = renderComparison({
      increment: '0042',
      title: 'Churn',
      ...facts.ranking,
      runs: [...facts.runs, waived],
    })
    expect(text).toContain('✅ BEST (seen reading test labels: waived by a person)')
  })
})
