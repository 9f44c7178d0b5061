import { describe, expect, it } from 'vitest'
import { algorithmOf } from '../../src/reports/algorithm.ts'
import { renderComparison } from '../../src/reports/comparison.ts'
import { seedMeans } from '../../src/reports/seed-means.ts'
import { renderSummary } from '../../src/reports/summary.ts'
import * as facts from './facts.ts'

const parent = facts.run('exp-008-forest', { reason: '3 of 3 children succeeded' })
const seeds = [0.9, 0.92, 0.94].map((value, at) =>
  facts.run(`exp-008-forest/s${at + 1}`, {
    seed: at + 1,
    metrics: [facts.measured('accuracy', 'validation', value)],
  }),
)
const runs = [...facts.runs, parent, ...seeds]
const overSeeds = [
  {
    a: '0042/exp-009-small',
    b: parent.run,
    difference: -0.05,
    ci: [-0.08, -0.02],
    p_adjusted: 0.011,
    verdict: 'worse' as const,
    seed_noise: 0.04,
    by_luck: false,
    wins: 0.1,
    wins_ci: [0.02, 0.4],
  },
]

describe('seeds in the documents', () => {
  it('have their mean and spread in the row of the run that gathers them', () => {
    expect(seedMeans(runs, 'accuracy', 'validation').get(parent.run)).toEqual({
      seeds: 3,
      measured: 3,
      mean: expect.closeTo(0.92, 10),
      spread: expect.closeTo(0.02, 10),
    })
    const text = renderComparison({ increment: '0042', title: 'Churn', ...facts.ranking, runs, overSeeds })
    expect(text).toMatch(/\| `exp-008-forest` +\| succeeded \| mean 0\.920, sd 0\.0200, of 3 seeds, open/)
    expect(text).toContain('- `exp-008-forest`: mean 0.920, sd 0.0200, of 3 seeds, measured on validation.')
  })

  it('are compared in words that can be read, and say which interval is adjusted', () => {
    const text = renderComparison({
      increment: '0042',
      title: 'Churn',
      ...facts.ranking,
      runs,
      overSeeds,
      differences: facts.differences.map((one) => ({ ...one, tests: 7 })),
    })
    expect(text).toContain('P(a run of `exp-009-small` beats a run of `exp-008-forest`) = 0.10 [0.02, 0.40]')
    expect(text).toContain('p = 0.011 adjusted: worse')
    expect(text).toContain(
      'p is adjusted (Holm) for 7 comparisons: every other try of the increment, each seed',
    )
    expect(text).toContain('interval of one comparison alone, which is not adjusted')
    expect(text).not.toContain('wins')
  })

  it('leave a seed that no verdict may rest on out of the mean', () => {
    const cheat = { check: 'candidate.reads', mark: 'seen', reason: 'seen' }
    const marked = runs.map((run) => (run === seeds[2] ? { ...run, notJudgeable: cheat } : run))
    expect(seedMeans(marked, 'accuracy', 'validation').get(parent.run)).toMatchObject({
      seeds: 3,
      measured: 2,
    })
    const text = renderComparison({
      increment: '0042',
      title: 'C',
      ...facts.ranking,
      runs: marked,
      overSeeds,
    })
    expect(text).toContain('of 2 of its 3 seeds')
    expect(text).not.toContain('P(a run of')
  })
})

describe('counts of the summary', () => {
  const text = renderSummary({ ...facts.summaryFacts, runs, tries: 7, deletedTries: 1, overSeeds })

  it('say what they count, and no run is counted that ran nothing', () => {
    expect(text).toContain(
      '## Experiments Run: 9\n\n8 of candidates, however they ended and each seed by itself',
    )
    expect(text).toContain('and 1 baseline of the lab; controls and repetitions are not among them.')
    expect(text).toContain(
      'Tries: 7. A try is a run of a candidate that got a score on validation: each seed counts',
    )
    expect(text).toContain('and so do 1 that was deleted since; baselines, controls and repetitions do not')
    expect(text).toContain('Over seeds, on validation:\n\n- `exp-008-forest`: accuracy mean 0.920')
  })

  it('tell what other increments asked of the same labels', () => {
    const asked = renderSummary({
      ...facts.summaryFacts,
      looksElsewhere: 'looks at these very labels over all increments: 1 by 0042, 2 by 0007',
    })
    expect(asked).toContain(
      'Looks at the sealed test set: 1 of 3. Other increments looked too: looks at these',
    )
    expect(asked).toContain('2 by 0007.')
  })

  it('put no tick before a warning, nor before what was not done', () => {
    const check = (id: string, message: string) => ({ id, status: 'pass' as const, message })
    const marked = renderSummary({
      ...facts.summaryFacts,
      verdict: {
        verdict: 'pass',
        checks: [
          check('gap.train_validation', 'warning, not blocking: a gap of 9 points'),
          check('control.shuffled_labels', 'not done, not blocking: nobody asked.'),
          check('ledger.intact', 'it verifies'),
        ],
      },
    })
    expect(marked).toContain('- ⚠️ warning gap.train_validation')
    expect(marked).toContain('- ⬜ not done control.shuffled_labels')
    expect(marked).toContain('- ✅ pass ledger.intact')
  })
})

describe('the algorithm', () => {
  it('is the class of the saved model where nothing else names it', () => {
    const saved = facts.run('exp-010-try', { tags: { model_class: 'HistGradientBoostingClassifier' } })
    expect(algorithmOf(saved)).toEqual({ name: 'HistGradientBoostingClassifier', from: 'saved model' })
    expect(algorithmOf({ ...saved, params: { model: 'lgbm' } })).toEqual({ name: 'lgbm', from: 'params' })
    expect(algorithmOf({ ...saved, tags: { model_class: 'Pipeline' } })).toMatchObject({ from: 'unknown' })
  })
})
