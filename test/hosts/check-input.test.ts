import { describe, expect, it } from 'vitest'
import type { Refusal } from '../../src/core/errors.ts'
import { checkInput } from '../../src/hosts/calls/check-input.ts'
import { tools } from '../../src/tools/registry.ts'
import { sampleTools } from './sample-tools.ts'

const [train, back] = sampleTools as [(typeof sampleTools)[0], (typeof sampleTools)[0]]

function refusal(raw: unknown, tool = train): Refusal {
  try {
    checkInput(tool, raw)
  } catch (thrown) {
    return thrown as Refusal
  }
  throw new Error('was accepted')
}

describe('checkInput', () => {
  it('fills in defaults and takes null for what is left out', () => {
    expect(checkInput(train, { name: 'x', seeds: null })).toEqual({
      name: 'x',
      problem_type: 'classification',
    })
  })

  it('names every missing and every wrong field at once', () => {
    const { code, missing, invalid } = refusal({ problem_type: 'clasification', wait_s: 60, seeds: ['a'] })
    expect(code).toBe('INPUT_INVALID')
    expect(missing).toEqual(['name'])
    expect(invalid).toEqual([
      { field: 'problem_type', problem: expect.stringContaining('did you mean "classification"?') },
      { field: 'seeds[0]', problem: 'must be a number, not string' },
      { field: 'wait_s', problem: 'must be at most 45' },
    ])
  })

  it('refuses an unknown argument with the nearest one, and offers the call that works', () => {
    const { invalid, next } = refusal({ nmae: 'x' })
    expect(invalid).toEqual([{ field: 'nmae', problem: 'not an argument; did you mean "name"?' }])
    expect(next).toEqual([{ tool: 'train_model', arguments: { name: 'x' }, why: expect.any(String) }])
    expect(refusal({ name: 'x', nmae: 'y' }).next).toEqual([])
  })

  it('says into which argument a key goes that is none by itself', () => {
    const registerDataset = tools.find(({ name }) => name === 'register_dataset')!
    const given = { name: 'd', source: 'd.csv', target: 'y', problem_type: 'classification' }
    expect(refusal({ ...given, group_column: 'a' }, registerDataset).invalid).toEqual([
      { field: 'group_column', problem: 'not an argument; it is a key of split: split.group_column' },
    ])
    expect(refusal({ ...given, group_column: 'a' }, registerDataset).next).toEqual([])
    // Into an object that was begun; what else a new one has to say is not known.
    const split = { method: 'group' }
    expect(refusal({ ...given, group_column: 'a', split }, registerDataset).next).toMatchObject([
      { arguments: { ...given, split: { method: 'group', group_column: 'a' } } },
    ])
    expect(refusal({ name: 'x', gpus: 'all', resources: { cpus: 2 } }).next).toEqual([])
  })

  it('sees JSON in a string where the value itself is wanted', () => {
    expect(refusal({ name: 'x', seeds: '[1]' }).invalid[0]?.problem).toContain('send the value itself')
  })

  it('names the deepest problem of a choice of shapes, and the choice where none comes close', () => {
    expect(refusal({ run: ['a', 3] }, back).invalid[0]?.problem).toBe('[1] must be a string, not number')
    expect(refusal({ run: 3 }, back).invalid[0]?.problem).toBe('must be string or array, not number')
  })

  it('refuses 10 MB in one argument', () => {
    const { code, message } = refusal({ name: 'x'.repeat(10_000_000) })
    expect(code).toBe('INPUT_TOO_LARGE')
    expect(message).toContain('"name" holds 10 MB; an argument may hold 1 MB')
    expect(refusal({ name: 'x', params: { a: ['y'.repeat(2_000_000)] } }).code).toBe('INPUT_TOO_LARGE')
  })

  it('refuses what is no object', () => {
    expect(refusal([1]).invalid[0]?.field).toBe('arguments')
    expect(refusal('{}').code).toBe('INPUT_INVALID')
    expect(refusal(JSON.parse('{"__proto__": {"name": "x"}}')).invalid[0]?.field).toBe('__proto__')
  })
})
