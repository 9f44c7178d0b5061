import { describe, expect, it } from 'vitest'
import { commandLine } from '../../src/hosts/cli/command-line.ts'
import { flagValue } from '../../src/hosts/cli/flag-values.ts'
import { flagsOf } from '../../src/hosts/cli/flags.ts'
import { sampleTools } from './sample-tools.ts'

const [train, back] = sampleTools as [(typeof sampleTools)[0], (typeof sampleTools)[0]]

function value(field: string, ...typed: string[]): unknown {
  const flag = [...flagsOf(train), ...flagsOf(back)].find((known) => known.field === field)
  if (!flag) throw new Error(`no flag ${field}`)
  return flagValue(flag, typed)
}

describe('flags', () => {
  it('reads each kind of field', () => {
    expect(value('wait_s', '3.5')).toBe(3.5)
    expect(value('wait_s', 'long')).toBe('long')
    expect(value('seeds', '1,2', '3')).toEqual([1, 2, 3])
    expect(value('metrics', 'a,b')).toEqual(['a', 'b'])
    expect(value('metrics', 'f1 > 0.5, at least')).toEqual(['f1 > 0.5, at least'])
    expect(value('metrics', '["a, b"]')).toEqual(['a, b'])
    expect(value('params', 'lr=1e-3', 'deep=true', 'name=x,y', 'eq=a=b')).toEqual({
      lr: 0.001,
      deep: true,
      name: 'x,y',
      eq: 'a=b',
    })
    expect(value('params', '{"a": {"b": 1}}')).toEqual({ a: { b: 1 } })
    expect(value('env', 'N=1')).toEqual({ N: '1' })
    expect(value('resources', 'cpus=2,gpus=1')).toEqual({ cpus: 2, gpus: 1 })
    expect(value('experiments', 'name=a,lr=0.1', '[{"name":"b"}]')).toEqual([
      { name: 'a', lr: 0.1 },
      { name: 'b' },
    ])
    expect(value('run', 'a')).toBe('a')
    expect(value('run', 'a', 'b')).toEqual(['a', 'b'])
    expect(value('problem_type', 'regression')).toBe('regression')
  })

  it('parts pairs at commas, alike for every flag of keys and values', () => {
    expect(value('params', 'a=1,b=2')).toEqual({ a: 1, b: 2 })
    expect(value('params', 'a=1, b=2', 'c=3')).toEqual({ a: 1, b: 2, c: 3 })
    expect(value('env', 'A=1,B=x')).toEqual({ A: '1', B: 'x' })
    expect(value('resources', 'cpus=2', 'gpus=1')).toEqual({ cpus: 2, gpus: 1 })
    expect(value('experiments', 'name=a,b,lr=0.1')).toEqual([{ name: 'a,b', lr: 0.1 }])
  })

  it('takes a value with commas where no key follows, in double quotes, or as JSON', () => {
    expect(value('params', 'tags=x,y,z', 'b=2')).toEqual({ tags: 'x,y,z', b: 2 })
    expect(value('params', 'note="x,b=2",c=3')).toEqual({ note: 'x,b=2', c: 3 })
    expect(value('env', 'A="x,B=2",C=3')).toEqual({ A: 'x,B=2', C: '3' })
    expect(value('params', 'layers=[1,2],d={"a":"}","b=1":[2]},c=3')).toEqual({
      layers: [1, 2],
      d: { a: '}', 'b=1': [2] },
      c: 3,
    })
    expect(Object.entries(value('params', '__proto__=1') as object)).toEqual([['__proto__', 1]])
    expect(value('params', '{"note": "x,b=2"}')).toEqual({ note: 'x,b=2' })
    // What only begins like JSON is text.
    expect(value('params', 'a=[1,b=2', 'c="x",y')).toEqual({ a: '[1', b: 2, c: '"x",y' })
  })

  it('passes on what holds no key, for the schema to refuse', () => {
    for (const text of ['a', '=1', 'a,b=1', '{a=1}']) expect(value('params', text)).toBe(text)
  })

  it('writes a call as a command line that reads back', () => {
    expect(commandLine(back, { run: 'a b' })).toBe("read-back 'a b'")
    expect(commandLine(back, { run: ['a', 'b'], how: "it's" })).toBe(
      `read-back --run a --run b --how 'it'\\''s'`,
    )
    expect(
      commandLine(train, {
        name: 'x',
        params: { lr: 0.1, tag: '007' },
        seeds: [1, 2],
        metrics: ['f1 > 0.5'],
        again: false,
        command: ['python', 'train.py', '--out', '{run_dir}'],
      }),
    ).toBe(
      "train-model x --params lr=0.1 --params tag=007 --metrics 'f1 > 0.5' --seeds 1 --seeds 2 --no-again -- python train.py --out '{run_dir}'",
    )
    expect(commandLine(train, { name: 'x', params: { tag: '7' } })).toBe(
      `train-model x --params '{"tag":"7"}'`,
    )
    expect(commandLine(train, { name: 'x', params: { note: 'x,y', n: [1, 2] } })).toBe(
      "train-model x --params note=x,y --params 'n=[1,2]'",
    )
    expect(commandLine(train, { name: 'x', params: { note: 'x,b=2' } })).toBe(
      `train-model x --params '{"note":"x,b=2"}'`,
    )
  })
})
