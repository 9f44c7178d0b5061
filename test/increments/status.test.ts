import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Verdict } from '../../src/core/criterion.ts'
import { Refusal } from '../../src/core/errors.ts'
import { decideCompletion } from '../../src/increments/complete.ts'
import { engineInUse, projectName } from '../../src/increments/engine.ts'
import { incrementToShow, listIncrements, readSpec, resolveIncrement } from '../../src/increments/load.ts'
import { setStatus, touch } from '../../src/increments/status.ts'
import { create, newWorkspace } from './workspace.ts'

function refusal(call: () => unknown): Refusal {
  try {
    call()
  } catch (thrown) {
    if (thrown instanceof Refusal) return thrown
    throw thrown
  }
  throw new Error('was not refused')
}

describe('finding an increment', () => {
  const workspace = newWorkspace()
  it('says how to begin where there is none', () => {
    expect(refusal(() => resolveIncrement(workspace)).next[0]).toMatchObject({ tool: 'create_increment' })
  })

  it('takes the active one, a number, a folder, a slug', () => {
    const churn = create(workspace, { title: 'Churn model' })
    for (const named of [undefined, '', '1', '0001', '#1', '0001-churn-model', 'churn-model'])
      expect(resolveIncrement(workspace, named).folder).toBe(churn.folder)
  })

  it('names the nearest', () => {
    const refused = refusal(() => resolveIncrement(workspace, 'chrun-model'))
    expect(refused.code).toBe('INCREMENT_UNKNOWN')
    expect(refused.next[0]).toMatchObject({ tool: 'get_increment', arguments: { increment: '0001' } })
    expect(refusal(() => resolveIncrement(workspace, '../../etc')).code).toBe('INCREMENT_UNKNOWN')
    expect(refusal(() => resolveIncrement(workspace, '0009')).message).toContain('0001-churn-model')
  })

  it('asks where several are active', () => {
    const second = create(workspace, { title: 'Fraud model' })
    const refused = refusal(() => resolveIncrement(workspace))
    expect(refused.code).toBe('INCREMENT_AMBIGUOUS')
    expect(refused.message).toContain('0001-churn-model (active), 0002-fraud-model (active)')
    setStatus(second, 'paused', { reason: 'waits for data' })
    expect(resolveIncrement(workspace).id).toBe('0001')
    expect(resolveIncrement(workspace, '2').status).toBe('paused')
  })

  it('shows the one worked on last where none is active, says so, and changes none by that', () => {
    const closed = newWorkspace()
    const [first, second] = [create(closed, { title: 'Churn' }), create(closed, { title: 'Fraud' })]
    expect(incrementToShow(closed, '1')).toEqual({ increment: expect.objectContaining({ id: '0001' }) })
    expect(refusal(() => incrementToShow(closed)).code).toBe('INCREMENT_AMBIGUOUS')
    setStatus(second, 'completed', { now: new Date('2030-01-01') })
    expect(incrementToShow(closed)).toEqual({ increment: expect.objectContaining({ id: '0001' }) })
    setStatus(first, 'abandoned', { now: new Date('2030-01-02') })
    const shown = incrementToShow(closed)
    expect(shown.increment.id).toBe('0001')
    expect(shown.note).toContain(
      'No increment is active; this is the one worked on last: 0001-churn (abandoned)',
    )
    // Work leads to a new one; whoever only asks is shown the last.
    const working = refusal(() => resolveIncrement(closed, undefined, 'work'))
    expect(working.message).toContain('all are closed, 0001-churn (abandoned) the last')
    expect(working.next).toMatchObject([{ tool: 'create_increment' }])
    expect(refusal(() => resolveIncrement(closed)).next).toMatchObject([
      { tool: 'get_increment', arguments: { increment: '0001' } },
    ])
    // What is open goes before what was closed later.
    setStatus(second, 'paused', { now: new Date('2029-01-01') })
    expect(refusal(() => resolveIncrement(closed)).next[0]).toMatchObject({
      arguments: { increment: '0002' },
    })
  })

  it('leaves out what is no increment of ours', () => {
    mkdirSync(join(workspace.layout.increments, '0007-login-page'))
    writeFileSync(
      join(workspace.layout.increments, '0007-login-page', 'spec.md'),
      '---\nincrement: 0007-login-page\n---\n',
    )
    expect(listIncrements(workspace).map(({ id }) => id)).toEqual(['0001', '0002'])
  })

  it('tells line and column of a spec.md that cannot be read', () => {
    const increment = resolveIncrement(workspace, '1')
    const file = join(increment.path, 'spec.md')
    const text = readFileSync(file, 'utf8')
    writeFileSync(file, text.replace('looks: 3', 'looks: many'))
    const refused = refusal(() => readSpec(increment))
    expect(refused.code).toBe('SPEC_INVALID')
    expect(refused.message).toMatch(/\.specweave\/increments\/0001-churn-model\/spec\.md:\d+:10: ml\.looks/)
    writeFileSync(file, text)
  })
})

describe('the status', () => {
  it('is in metadata.json, and the front matter follows', () => {
    const increment = create(newWorkspace(), { title: 'Churn model' })
    const file = join(increment.path, 'metadata.json')
    writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), externalRefs: { a: 1 } }))
    setStatus(increment, 'abandoned', {
      reason: 'not better than the baseline',
      now: new Date('2026-11-22T00:00:00Z'),
    })
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({
      status: 'abandoned',
      lastActivity: '2026-11-22T00:00:00.000Z',
      abandonedAt: '2026-11-22T00:00:00.000Z',
      abandonedReason: 'not better than the baseline',
      externalRefs: { a: 1 },
    })
    expect(readSpec(increment).front.status).toBe('abandoned')
    touch(increment, new Date('2026-11-23T00:00:00Z'))
    expect(JSON.parse(readFileSync(file, 'utf8')).lastActivity).toBe('2026-11-23T00:00:00.000Z')
  })

  it('changes nothing where spec.md cannot be read', () => {
    const increment = create(newWorkspace(), { title: 'Churn model' })
    writeFileSync(join(increment.path, 'spec.md'), 'no front matter')
    const before = readFileSync(join(increment.path, 'metadata.json'), 'utf8')
    expect(refusal(() => setStatus(increment, 'completed')).code).toBe('SPEC_INVALID')
    expect(readFileSync(join(increment.path, 'metadata.json'), 'utf8')).toBe(before)
  })
})

describe('the SpecWeave engine', () => {
  it('is in use where its config.json stands', () => {
    const { layout } = newWorkspace()
    expect(engineInUse(layout)).toBe(false)
    writeFileSync(join(layout.folder, 'config.json'), '{"project":{"name":"Shop Backend"}}')
    expect(engineInUse(layout)).toBe(true)
    expect(projectName(layout)).toBe('shop-backend')
  })
})

describe('the end of an increment', () => {
  const pass: Verdict = { verdict: 'pass', checks: [] }
  const fail: Verdict = {
    verdict: 'fail',
    checks: [{ id: 'criterion.f1.test', status: 'fail', message: 'f1 > 0.6: measured 0.5.' }],
  }
  const facts = { increment: '0001', status: 'active', verdict: pass, engineInUse: false } as const

  it('is completed, or up for review by the engine', () => {
    expect(decideCompletion(facts)).toMatchObject({ status: 'completed', passed: true, heading: 'PASSED' })
    expect(decideCompletion({ ...facts, engineInUse: true })).toMatchObject({
      status: 'ready_for_review',
      passed: true,
    })
  })

  it('is refused without a passing validation', () => {
    const refused = refusal(() => decideCompletion({ ...facts, verdict: fail, outcome: 'passed' }))
    expect(refused.code).toBe('VALIDATION_NOT_PASSED')
    expect(refused.invalid).toEqual([{ field: 'criterion.f1.test', problem: 'f1 > 0.6: measured 0.5.' }])
    expect(refused.next.at(-1)).toMatchObject({ arguments: { outcome: 'not_passed' } })
  })

  it('may be honest', () => {
    const asked = { ...facts, verdict: fail, outcome: 'not_passed', engineInUse: true } as const
    expect(decideCompletion({ ...asked, reason: 'too few rows' })).toMatchObject({
      status: 'abandoned',
      heading: 'NOT PASSED',
      reason: 'too few rows',
    })
    // It cannot be taken back, so that it is not ended by a slip, whatever the verdict.
    for (const unsaid of [{}, { reason: '' }, { reason: ' \n' }, { verdict: pass }]) {
      const refused = refusal(() => decideCompletion({ ...asked, ...unsaid }))
      expect(refused).toMatchObject({ code: 'INPUT_INVALID', missing: ['reason'] })
      expect(refused.message).toContain('what was tried and what was learned')
      expect(refused.next).toMatchObject([{ tool: 'get_increment', arguments: { increment: '0001' } }])
    }
  })

  it('comes once', () => {
    expect(refusal(() => decideCompletion({ ...facts, status: 'completed' })).code).toBe('INCREMENT_CLOSED')
  })
})
