import { describe, expect, it } from 'vitest'
import { judge } from '../../src/increments/gates.ts'
import { candidate, check, facts, measured, reported } from './judged-facts.ts'
import { run } from './workspace.ts'

describe('judge', () => {
  it('passes a candidate by measured, sealed numbers', () => {
    const verdict = judge(facts())
    expect(verdict.verdict).toBe('pass')
    expect(verdict.candidate).toBe('0001/exp-004-gb')
    expect(verdict.warnings).toEqual([])
    expect(verdict.checks.map(({ id }) => id)).toEqual([
      'dataset.registered',
      'runs.recorded',
      'candidate.model_saved',
      'test.looked',
      'criteria.confirmed',
      'criteria.unchanged',
      'evidence.intact',
      'documents.placeholders',
      'ledger.intact',
      'criterion.accuracy.test',
      'baseline.recorded',
      'baseline.lift',
      'gap.train_validation',
    ])
    const lift = verdict.checks.find(({ id }) => id === 'baseline.lift')!
    expect(lift.message).toContain(
      'target 0.888 = min(0.86 x (1 + 0.2), 0.86 + 0.2 x (1 - 0.86)) over majority',
    )
    expect(lift.message).toContain('point only')
  })

  it('does not take a typed accuracy of 0.99 for an answer', () => {
    const typed = run('exp-005-typed', {
      metrics: [reported('accuracy', 0.99), reported('accuracy', 0.99, 'test')],
    })
    const verdict = judge(facts({ candidate: typed, runs: [typed] }))
    expect(verdict.verdict).toBe('incomplete')
    const criterion = verdict.checks.find(({ id }) => id === 'criterion.accuracy.test')!
    expect(criterion.status).toBe('missing')
    expect(criterion.message).toContain('reported 0.99 only; nothing measured')
    expect(criterion.reported).toBe(0.99)
    expect(criterion.next).toMatchObject({
      tool: 'evaluate_run',
      arguments: { run: '0001/exp-005-typed', split: 'test' },
    })
  })

  it('fails by what was measured, however much was reported', () => {
    const weak = run('exp-006', { metrics: [measured('accuracy', 'test', 0.88), reported('accuracy', 0.99)] })
    const verdict = judge(facts({ candidate: weak, runs: [weak] }))
    expect(verdict.verdict).toBe('fail')
    expect(verdict.checks.filter(({ status }) => status === 'fail').map(({ id }) => id)).toEqual([
      'criterion.accuracy.test',
      'baseline.lift',
    ])
    expect(verdict.warnings[0]).toContain('reports accuracy = 0.99, while the lab measured 0.88 on test')
  })

  it('is incomplete from the first day, with a next step for each thing that is missing', () => {
    const verdict = judge(
      facts({
        runs: [],
        baselines: [],
        candidate: undefined,
        dataset: undefined,
        looks: { used: 0, budget: 3 },
      }),
    )
    expect(verdict.verdict).toBe('incomplete')
    expect(verdict.checks.some(({ status }) => status === 'fail')).toBe(false)
    for (const id of ['dataset.registered', 'runs.recorded', 'baseline.recorded'])
      expect(verdict.checks.find((each) => each.id === id)!.next, id).toBeDefined()
  })

  it('never passes without a sealed criterion', () => {
    const verdict = judge(
      facts({ criteria: [{ metric: 'accuracy', op: '>', value: 0.9, split: 'validation' }] }),
    )
    expect(verdict.verdict).toBe('incomplete')
    const waived = judge(
      facts({
        criteria: [{ metric: 'accuracy', op: '>', value: 0.9, split: 'validation' }],
        waivers: [{ check: 'test.looked', reason: 'no time', by: 'Ann', at: '2026-11-21', via: 'terminal' }],
      }),
    )
    expect(waived.verdict).toBe('incomplete')
  })

  it('asks for the confirmation of proposals', () => {
    const criteria = [{ metric: 'accuracy', op: '>', value: 0.9, split: 'test', proposed: true }] as const
    expect(judge(facts({ criteria })).verdict).toBe('incomplete')
    expect(judge(facts({ criteria, proposedConfirmed: true })).verdict).toBe('pass')
  })

  it('suspects a perfect score', () => {
    const perfect = { ...candidate, metrics: [measured('accuracy', 'test', 1)] }
    expect(judge(facts({ candidate: perfect })).warnings.join()).toContain('perfect on the sealed test set')
    const seen = { ...candidate, metrics: [measured('accuracy', 'validation', 1)] }
    expect(judge(facts({ candidate: seen })).warnings.join()).toContain('perfect on validation')
    const whole = { ...candidate, metrics: [measured('coverage@10', 'test', 1)] }
    expect(judge(facts({ candidate: whole })).warnings.join()).not.toContain('perfect')
  })

  it('waits for a person where criteria were changed after the first look', () => {
    const criteriaChanged = { 'criterion.accuracy.test': 'accuracy > 0.99 on test' }
    expect(check({ criteriaChanged }, 'criteria.unchanged')).toMatchObject({
      status: 'pending_approval',
      message: expect.stringContaining('accuracy > 0.99'),
    })
    expect(judge(facts({ criteriaChanged })).verdict).toBe('incomplete')
  })

  it('warns of a gap and does not block on it', () => {
    const wide = {
      ...candidate,
      metrics: [...candidate.metrics.slice(0, 2), measured('accuracy', 'train', 1)],
    }
    const verdict = judge(facts({ candidate: wide }))
    expect(verdict.verdict).toBe('pass')
    expect(verdict.warnings[0]).toBeUndefined()
    const wider = {
      ...candidate,
      metrics: [
        measured('accuracy', 'test', 0.95),
        measured('accuracy', 'validation', 0.92),
        measured('accuracy', 'train', 1),
      ],
    }
    expect(judge(facts({ candidate: wider })).warnings[0]).toContain('gap of 8 points')
    expect(judge(facts({ candidate: wider })).verdict).toBe('pass')
  })
})
