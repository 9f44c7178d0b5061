import { describe, expect, it } from 'vitest'
import { type LabCodeFact, labCodeChecks } from '../../src/increments/lab-code-check.ts'

const BUILD = 'b'.repeat(64)
const OTHER = 'c'.repeat(64)

function checked(fact: Partial<LabCodeFact>) {
  const [check] = labCodeChecks({ labCode: { sha256: BUILD, measured: [], ...fact } })
  return check
}
const by = (sha256?: string, edited = false) => ({
  run: '0001/exp-001-a',
  split: 'validation',
  lab: '0.1.0',
  ...(sha256 ? { sha256 } : {}),
  edited,
})

describe('evaluator.code', () => {
  it('passes for what this build measured, and names what it does not know', () => {
    expect(checked({ measured: [by(BUILD)] })).toMatchObject({
      status: 'pass',
      message: expect.not.stringMatching(/another build|not recorded/),
    })
    expect(checked({ measured: [by()] })).toMatchObject({
      status: 'pass',
      message: expect.stringContaining('not recorded, not blocking'),
    })
  })

  it('names another build, which an upgrade gives, and does not block on it', () => {
    const check = checked({ measured: [by(OTHER)] })
    expect(check).toMatchObject({ status: 'pass', message: expect.stringContaining('another build') })
  })

  it('fails for what edited code measured, until it is measured again or a build has it', () => {
    expect(checked({ measured: [by(OTHER, true)] })).toMatchObject({
      status: 'fail',
      next: { tool: 'evaluate_run', arguments: { run: '0001/exp-001-a', split: 'validation' } },
    })
    expect(checked({ sha256: OTHER, measured: [by(OTHER, true)] })).toMatchObject({ status: 'pass' })
    expect(checked({ problem: 'It was edited' })).toMatchObject({ status: 'fail' })
  })
})
