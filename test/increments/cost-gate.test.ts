import { describe, expect, it } from 'vitest'
import { candidate, check } from './judged-facts.ts'

describe('the gate of a cost, and of what is under way', () => {
  it('lets a cost decide nothing that other work can have made, and says how often it was measured', () => {
    const criteria = [{ metric: 'latency_p99_ms', op: '<', value: 100 }] as const
    const cost = {
      machine: 'EPYC, 2 cores',
      notMeasured: {},
      disturbances: ['the machine was busy'],
      longerAtMost: { latency_p99_ms: 3 },
    }
    const latency = (p50: number, p99: number, more: object = {}) => ({
      criteria,
      cost,
      candidate: {
        ...candidate,
        metrics: [
          { name: 'latency_p50_ms', source: 'measured' as const, value: p50 },
          {
            name: 'latency_p99_ms',
            source: 'measured' as const,
            value: p99,
            repeated: 'measured 2 times: 50, 104.6; the worse one counts',
          },
        ],
      },
      ...more,
    })
    const id = 'criterion.latency_p99_ms'
    const busy = check(latency(40, 104.6), id)
    expect(busy).toMatchObject({
      status: 'missing',
      measured: { value: 104.6, repeated: expect.stringContaining('measured 2 times') },
      next: { tool: 'evaluate_run', arguments: { run: candidate.run, split: 'cost' } },
    })
    expect(busy.message).toContain('measured 2 times: 50, 104.6; the worse one counts')
    expect(busy.message).toContain('it decides nothing: measure it again')
    // Half of the calls took more than three times as long as they may: nothing else explains that.
    expect(check(latency(301, 400), id)).toMatchObject({ status: 'fail', next: { tool: 'compare_runs' } })
    // Not busy.
    expect(check(latency(40, 104.6, { cost: { ...cost, longerAtMost: {} } }), id).status).toBe('fail')
    expect(check(latency(40, 99), id).status).toBe('pass')
    // A job is at it.
    expect(check(latency(40, 104.6, { jobs: { cost: 'job-002' } }), id)).toMatchObject({
      status: 'missing',
      message: expect.stringContaining('job-002 measures it again'),
      next: { tool: 'get_run', arguments: { run: 'job-002', wait_s: 40 } },
    })
  })

  it('says which job is at it, and asks for no other', () => {
    const criteria = [
      { metric: 'accuracy', op: '>', value: 0.9, split: 'test' },
      { metric: 'latency_p99_ms', op: '<', value: 100 },
    ] as const
    for (const [jobs, job] of [
      [{ test: 'job-001' }, 'job-001'],
      [{ test: 'job-001', cost: 'job-002' }, 'job-002'],
    ] as const)
      expect(check({ criteria, jobs }, 'criterion.latency_p99_ms')).toMatchObject({
        status: 'missing',
        message: expect.stringContaining(`${job} is at it`),
        next: { tool: 'get_run', arguments: { run: job, wait_s: 40 } },
      })
    const jobs = { test: 'job-001' }
    expect(check({ jobs, reproduction: { due: true } }, 'candidate.reproduced')).toMatchObject({
      status: 'missing',
      message: expect.stringContaining('job-001 is at it'),
      next: { tool: 'get_run', arguments: { run: 'job-001', wait_s: 40 } },
    })
  })
})
