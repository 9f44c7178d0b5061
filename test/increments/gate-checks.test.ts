import { describe, expect, it } from 'vitest'
import type { GateFacts } from '../../src/increments/gate-facts.ts'
import { judge } from '../../src/increments/gates.ts'
import { candidate, check, facts, majority, measured, reported } from './judged-facts.ts'
import { run } from './workspace.ts'

describe('a check', () => {
  it('asks for baselines that were measured, and says why others were not', () => {
    const said = (baselines: GateFacts['baselines']) =>
      judge(facts({ baselines })).checks.find(({ id }) => id === 'baseline.recorded')
    const unscored = (name: string) =>
      run(`exp-001-baseline-${name}`, {
        baseline: name,
        metrics: [measured('accuracy', 'train', 0.86)],
        warnings: [
          'validation: 26 row ids stand there more than once: a.csv, b and 24 more. Hand in each once.',
        ],
      })
    expect(said([unscored('naive'), unscored('random')])).toMatchObject({
      status: 'missing',
      message: expect.stringContaining(
        'exp-001-baseline-random (validation: 26 row ids stand there more than once: a.csv, b and 24 more)',
      ),
      next: { tool: 'evaluate_run' },
    })
    expect(said([unscored('naive'), majority])).toMatchObject({
      status: 'pass',
      message: expect.stringMatching(/^1 baseline: majority\. Not scored: .*baseline-naive \(/),
    })
  })

  it('says what became of a look, and speaks of the first one only where there was one', () => {
    const check = (over: Partial<GateFacts>, id: string) =>
      judge(facts(over)).checks.find((each) => each.id === id)
    const spent = { looks: { used: 3, budget: 3 }, candidate: { ...candidate, metrics: [] } }
    expect(check(spent, 'test.looked')?.message).toContain('the budget is spent')
    const edited = {
      ...spent,
      candidateLooked: true,
      evidenceChanged: [{ run: candidate.run, split: 'test' }],
    }
    expect(check(edited, 'test.looked')).toMatchObject({
      status: 'missing',
      message: expect.stringMatching(/was evaluated .*3 of 3 looks used.* was changed since/),
      next: { tool: 'evaluate_run' },
    })
    expect(check({ ...spent, candidateLooked: true }, 'test.looked')?.message).toContain('were removed since')
    expect(check({}, 'criteria.unchanged')?.message).toContain('of the first look')
    expect(check({ looks: { used: 0, budget: 3 } }, 'criteria.unchanged')?.message).toContain(
      'No look was taken yet',
    )
  })

  it('takes a waiver of a person, and a pending one for what it is', () => {
    const criteria = [
      { metric: 'accuracy', op: '>', value: 0.9, split: 'test' },
      { metric: 'latency_p99_ms', op: '<', value: 100 },
    ] as const
    const id = 'criterion.latency_p99_ms'
    expect(check({ criteria }, id)).toMatchObject({
      status: 'missing',
      message: expect.stringContaining('needs 99th percentile'),
      next: { tool: 'evaluate_run', arguments: { split: 'cost' } },
    })
    expect(judge(facts({ criteria, pendingApprovals: [id] })).verdict).toBe('incomplete')
    expect(check({ criteria, pendingApprovals: [id] }, id).status).toBe('pending_approval')
    const waivers = [
      { check: id, reason: 'batch use', by: 'Ann', at: '2026-11-21T08:00:00Z', via: 'terminal' },
    ]
    expect(judge(facts({ criteria, waivers })).verdict).toBe('pass')
    expect(check({ criteria, waivers }, id).message).toContain('batch use')
  })

  it('reads what the model costs by its value, and names the machine', () => {
    const criteria = [
      { metric: 'accuracy', op: '>', value: 0.9, split: 'test' },
      { metric: 'latency_p99_ms', op: '<', value: 100 },
      { metric: 'memory_mb', op: '<', value: 100 },
    ] as const
    const cost = {
      machine: 'EPYC, 2 cores',
      notMeasured: { memory_mb: 'loading took longer than 32 s' },
      disturbances: ['the machine was busy'],
    }
    const measured = (value: number) => ({
      criteria,
      cost,
      candidate: {
        ...candidate,
        metrics: [
          ...candidate.metrics,
          {
            name: 'latency_p99_ms',
            source: 'measured' as const,
            value,
            ci: [value - 9, value + 9] as [number, number],
          },
        ],
      },
    })
    const passed = check(measured(95), 'criterion.latency_p99_ms')
    expect(passed).toMatchObject({ status: 'pass', measured: { value: 95 } })
    expect(passed.message).toContain('the interval reaches across that value')
    expect(passed.message).toContain('measured on this machine: EPYC, 2 cores; the machine was busy')
    expect(passed.message).not.toContain('open')
    expect(judge(facts(measured(95))).warnings).toContain(
      `what the model of ${candidate.run} costs: the machine was busy`,
    )
    expect(check(measured(101), 'criterion.latency_p99_ms').status).toBe('fail')
    // What cannot be measured is for a person to decide.
    expect(check(measured(95), 'criterion.memory_mb')).toMatchObject({
      status: 'missing',
      message: expect.stringContaining('loading took longer than 32 s'),
      next: { person: expect.stringContaining('--waive criterion.memory_mb') },
    })
  })

  it('measures training time by the run itself', () => {
    const criteria = [
      { metric: 'accuracy', op: '>', value: 0.9, split: 'test' },
      { metric: 'training_time_s', op: '<', value: 600 },
    ] as const
    expect(
      check({ criteria, candidate: { ...candidate, durationS: 12 } }, 'criterion.training_time_s').status,
    ).toBe('pass')
  })

  it('asks for a look where a ranked list was only reported on', () => {
    const criteria = [{ metric: 'precision@10', op: '>', value: 0.25, split: 'test' }] as const
    const lists = run('exp-002-svd', { metrics: [reported('precision@10', 0.3)] })
    const found = check(
      { problemType: 'recommendation', criteria, candidate: lists },
      'criterion.precision@10.test',
    )
    expect(found.message).toContain('nothing measured on the sealed test set')
    expect(found.next).toMatchObject({ tool: 'evaluate_run' })
  })

  it('fails where measured numbers or the model file were changed afterwards', () => {
    const evidenceChanged = [{ run: '0042/exp-003-forest', split: 'test' }]
    expect(check({ evidenceChanged }, 'evidence.intact')).toMatchObject({ status: 'fail' })
    const saved = check({ modelProblem: 'model.joblib is no longer the file.' }, 'candidate.model_saved')
    expect(saved).toMatchObject({ status: 'fail', message: expect.stringContaining('no longer') })
  })

  it.each([
    ['baseline.recorded', { baselines: [] }, 'missing'],
    ['baseline.recorded', { baselines: [{ ...majority, metrics: [reported('accuracy', 0.86)] }] }, 'missing'],
    ['baseline.lift', { baselines: [{ ...majority, metrics: [] }] }, 'missing'],
    ['baseline.lift', { baselineRule: { metric: 'accuracy', lift: 0.2, over: 'popularity' } }, 'pass'],
    ['baseline.lift', { baselineRule: { metric: 'accuracy', lift: 0.2, over: 'random' } }, 'missing'],
    ['candidate.model_saved', { candidate: { ...candidate, artifacts: [] } }, 'missing'],
    [
      'documents.placeholders',
      { documents: { missing: [], placeholders: [{ file: 'spec.md', line: 3, text: 'TODO' }] } },
      'fail',
    ],
    ['documents.placeholders', { documents: { missing: ['plan.md'], placeholders: [] } }, 'missing'],
    ['ledger.intact', { ledger: { ok: false, problem: 'line 3 was changed' } }, 'fail'],
    ['runs.recorded', { candidateUnknown: '0001/exp-099-x', candidate: undefined }, 'missing'],
    ['runs.recorded', { candidate: { ...candidate, state: 'failed' } }, 'missing'],
  ] as [string, Partial<GateFacts>, string][])('%s with %j is %s', (id, over, status) => {
    expect(check(over, id).status).toBe(status)
  })

  it('does not send anybody to a look that is spent', () => {
    const unlooked = { ...candidate, metrics: candidate.metrics.slice(1) }
    const found = check({ candidate: unlooked, looks: { used: 3, budget: 3 } }, 'test.looked')
    expect(found.next).toBeUndefined()
    expect(found.message).toContain('budget is spent')
  })
})
