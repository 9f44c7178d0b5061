import { describe, expect, it } from 'vitest'
import type { ControlLine } from '../../src/core/control-measured.ts'
import { chooseCandidate } from '../../src/increments/candidate.ts'
import { notJudgeable } from '../../src/increments/judgeable.ts'
import type { SeenRun } from '../../src/increments/reads-checks.ts'
import { measured, run } from '../reports/facts.ts'

const seen = (name: string, ...paths: string[]): SeenRun => ({
  run: name,
  recorded: true,
  files: 3,
  complete: true,
  forbidden: paths.map((path) => ({ path, what: 'the registered source' })),
})
const control = { run: '0042/exp-009-control', verdict: 'fail', metric: 'accuracy', of: '0042/exp-001-a' }
const failed = { ...control, value: 0.9, chance: 0.5, bound: 0.6, original: 0.95 } as ControlLine

describe('notJudgeable', () => {
  it('is said of what was seen to read test labels, itself or where it builds on such a run', () => {
    expect(notJudgeable({ reads: [seen('0042/exp-001-a', 'data.csv')] })).toMatchObject({
      check: 'candidate.reads',
      mark: 'seen reading test labels: not judgeable',
      reason: '0042/exp-001-a was seen opening data.csv, the registered source.',
    })
    expect(
      notJudgeable({ reads: [seen('0042/exp-002-b'), seen('0042/exp-001-a', 'data.csv')] })?.reason,
    ).toContain('0042/exp-001-a, whose files 0042/exp-002-b was seen to read, was seen opening data.csv')
  })

  it('is said of a failed control, and of nothing else', () => {
    expect(notJudgeable({ reads: [], control: failed })).toMatchObject({
      check: 'control.shuffled_labels',
      reason: expect.stringContaining(
        '0042/exp-009-control trained on shuffled labels and is better than chance',
      ),
    })
    expect(notJudgeable({ reads: [seen('a')], control: { ...failed, verdict: 'pass' } })).toBeUndefined()
    expect(notJudgeable({ reads: [] })).toBeUndefined()
  })
})

describe('the candidate by validation', () => {
  const criteria = [{ metric: 'accuracy', op: '>' as const, value: 0.9, split: 'test' as const }]
  const honest = run('exp-001-a', { metrics: [measured('accuracy', 'validation', 0.8)] })
  const cheat = run('exp-002-b', {
    metrics: [measured('accuracy', 'validation', 1)],
    notJudgeable: { check: 'candidate.reads', mark: 'seen', reason: 'seen' },
  })
  const chosen = (runs: (typeof honest)[], more: object = {}) =>
    chooseCandidate({ named: null, criteria, runs, ...more })

  it('is a judgeable run where there is one, else the other, so that the verdict says why it fails', () => {
    expect(chosen([honest, cheat])).toEqual({ run: honest.run, how: 'validation' })
    expect(chosen([cheat])).toEqual({ run: cheat.run, how: 'validation' })
  })

  it('is the one that was looked at or named, whatever is known of it', () => {
    expect(chosen([honest, cheat], { firstLooked: cheat.run }).run).toBe(cheat.run)
    expect(chosen([honest, cheat], { named: cheat.run }).run).toBe(cheat.run)
  })
})
