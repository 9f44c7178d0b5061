import { describe, expect, it } from 'vitest'
import type { Measurement, Split } from '../../src/core/measurement.ts'
import { bestByValidation, chooseCandidate } from '../../src/increments/candidate.ts'
import type { GateFacts } from '../../src/increments/gate-facts.ts'
import { judge } from '../../src/increments/gates.ts'
import { run } from './workspace.ts'

const measured = (
  name: string,
  split: Split | undefined,
  value: number,
  ci?: [number, number],
): Measurement => ({
  name,
  split,
  source: 'measured',
  ...(split ? { grade: split === 'test' ? 'sealed' : 'open' } : {}),
  value,
  ...(ci ? { ci } : {}),
})
const reported = (name: string, value: number, split?: Split): Measurement => ({
  name,
  split,
  source: 'reported',
  value,
})

const candidate = run('exp-004-gb', {
  metrics: [
    measured('accuracy', 'test', 0.95, [0.935, 0.964]),
    measured('accuracy', 'validation', 0.955),
    measured('accuracy', 'train', 0.97),
  ],
})
const majority = run('exp-001-baseline-majority', {
  baseline: 'majority',
  metrics: [measured('accuracy', 'test', 0.86), measured('accuracy', 'validation', 0.861)],
})

function facts(over: Partial<GateFacts> = {}): GateFacts {
  return {
    increment: '0001',
    folder: '.specweave/increments/0001-churn-model',
    problemType: 'classification',
    criteria: [{ metric: 'accuracy', op: '>', value: 0.9, split: 'test' }],
    proposedConfirmed: false,
    baselineRule: { metric: 'accuracy', lift: 0.2, over: 'best' },
    requires: ['baseline'],
    looks: { used: 1, budget: 3 },
    runs: [candidate],
    baselines: [majority],
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

const check = (over: Partial<GateFacts>, id: string) =>
  judge(facts(over)).checks.find((each) => each.id === id)!

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

describe('the candidate', () => {
  const criteria = [{ metric: 'rmse', op: '<', value: 50, split: 'test' }] as const
  const a = run('exp-001-a', {
    metrics: [measured('rmse', 'validation', 40)],
    created: '2026-11-21T09:00:00Z',
  })
  const b = run('exp-002-b', {
    metrics: [measured('rmse', 'validation', 30)],
    created: '2026-11-21T09:01:00Z',
  })
  const c = run('exp-003-c', { metrics: [reported('rmse', 1, 'validation')] })
  const base = run('exp-004-baseline', { baseline: 'median', metrics: [measured('rmse', 'validation', 10)] })
  const failed = run('exp-005-f', { state: 'failed', metrics: [measured('rmse', 'validation', 20)] })
  const runs = [a, b, c, base, failed]

  it('is the best measured on validation, lower errors first, without baselines and failures', () => {
    expect(bestByValidation(criteria, runs)?.run).toBe('0001/exp-002-b')
    expect(chooseCandidate({ named: null, criteria, runs })).toEqual({
      run: '0001/exp-002-b',
      how: 'validation',
    })
  })

  it('is fixed at the first look, and by name before that', () => {
    expect(chooseCandidate({ named: null, firstLooked: '0001/exp-001-a', criteria, runs }).run).toBe(
      '0001/exp-001-a',
    )
    expect(
      chooseCandidate({ named: '0001/exp-003-c', firstLooked: '0001/exp-001-a', criteria, runs }).run,
    ).toBe('0001/exp-003-c')
    expect(chooseCandidate({ named: null, criteria, runs: [c] })).toEqual({ how: 'none' })
  })
})
