import { describe, expect, it } from 'vitest'
import { contradictions, parseTasks } from '../../src/increments/tasks.ts'

describe('tasks.md', () => {
  it('is read in both forms', () => {
    const tasks = parseTasks(
      [
        '# Tasks',
        '### T-001: Data exploration',
        '**Status**: [x] completed',
        '### T-002: Features',
        'text',
        '**Status**: [ ] pending',
        '### T-003: Baseline',
        '**Status**: [ ] skipped: no labels yet',
        '### T-004: No status line',
        '## Notes',
        '**Status**: [x] completed',
        '- [ ] T-005: Tuning',
        '- [x] **T-006**: Evaluation',
        '* [X] T-007: Explain skipped: nobody asked',
        '- [x] T-001: mentioned again',
        '```',
        '- [x] T-008: in a fence',
        '```',
        '### T-009: A/B test plan',
        '- **Status**: completed',
      ].join('\n'),
    )
    expect(tasks.map(({ id, state, reason }) => `${id} ${state}${reason ? ` (${reason})` : ''}`)).toEqual([
      'T-001 done',
      'T-002 open',
      'T-003 skipped (no labels yet)',
      'T-004 open',
      'T-005 open',
      'T-006 done',
      'T-007 skipped (nobody asked)',
      'T-009 done',
    ])
    expect(tasks[0]!.line).toBe(2)
  })

  it('does not skip without a reason', () => {
    expect(parseTasks('### T-001: x\n**Status**: [ ] skipped:')[0]!.state).toBe('open')
  })

  it('shows ticks that the records contradict', () => {
    const tasks = parseTasks([1, 2, 3, 4, 5, 6].map((n) => `- [x] T-00${n}: x`).join('\n'))
    const nothing = { datasetRegistered: false, baselines: 0, candidates: 0, looked: false }
    expect(contradictions(tasks, nothing).map(({ task }) => task)).toEqual([
      'T-001',
      'T-003',
      'T-004',
      'T-005',
      'T-006',
    ])
    expect(
      contradictions(tasks, { datasetRegistered: true, baselines: 3, candidates: 3, looked: true }),
    ).toEqual([])
    expect(contradictions(parseTasks('- [ ] T-003: x'), nothing)).toEqual([])
  })
})
