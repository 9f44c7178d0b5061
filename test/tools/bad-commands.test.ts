import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { churnProduct, PRINT, refusesAll, runWith } from './churn-product.ts'
import { Product } from './product.ts'
import { expectRefused } from './refusals.ts'

const MIB = 1024 * 1024
const product = churnProduct()

describe('a command that cannot be run', () => {
  refusesAll(product, [
    { what: 'empty list', ...runWith({ command: [] }), code: 'INPUT_INVALID', says: 'must not be empty' },
    {
      what: 'empty program',
      ...runWith({ command: [''] }),
      code: 'COMMAND_INVALID',
      says: '["python", "train.py"]',
    },
    {
      what: 'blank program',
      ...runWith({ command: ['  '] }),
      code: 'COMMAND_INVALID',
      says: '["python", "train.py"]',
    },
    {
      what: 'none',
      tool: 'run_experiment',
      args: { increment: '0001', name: 'a' },
      code: 'INPUT_INVALID',
      says: 'command',
    },
    {
      what: 'a shell line',
      ...runWith({ command: 'python train.py' }),
      code: 'INPUT_INVALID',
      says: 'must be an array',
    },
    { what: 'NUL', ...runWith({ command: ['python3', 'a\0b'] }), code: 'COMMAND_INVALID', says: 'NUL' },
    {
      what: 'not on PATH',
      ...runWith({ command: ['no-such-program'] }),
      code: 'COMMAND_INVALID',
      says: 'not on PATH',
    },
    {
      what: 'no such file',
      ...runWith({ command: ['./no-such.sh'] }),
      code: 'COMMAND_INVALID',
      says: 'no such executable',
    },
    {
      what: 'no such script',
      ...runWith({ command: ['python3', 'trian.py'] }),
      code: 'COMMAND_INVALID',
      says: /no file trian\.py[\s\S]*0001-churn-model\/scripts\/train\.py/,
    },
    {
      what: 'no such script, with seeds',
      ...runWith({ command: ['python3', '-u', 'trian.py'], seeds: [1, 2] }),
      code: 'COMMAND_INVALID',
      says: /scripts\/train\.py/,
    },
    { what: 'seeds twice', ...runWith({ seeds: [1, 2, 1] }), code: 'INPUT_INVALID', says: 'each seed once' },
    { what: 'no time', ...runWith({ timeout_s: 0 }), code: 'INPUT_INVALID', says: 'more than 0' },
    {
      what: 'more GPUs than there are',
      ...runWith({ resources: { gpus: 64 } }),
      code: 'RESOURCES_UNAVAILABLE',
      says: /64 GPUs asked for, \d+ can be given/,
    },
    {
      what: 'more of everything',
      ...runWith({ resources: { cpus: 99_999, memory_gb: 999_999 } }),
      code: 'RESOURCES_UNAVAILABLE',
      says: /CPUs asked for, \d+ can be given[\s\S]*GB of memory/,
    },
    { what: 'unknown resource', ...runWith({ resources: { tpus: 1 } }), code: 'INPUT_INVALID', says: 'tpus' },
    {
      what: '10-MB parameter',
      ...runWith({ params: { text: 'x'.repeat(10 * MIB) } }),
      code: 'INPUT_TOO_LARGE',
      says: 'Write it to a file',
    },
    {
      what: '10-MB parameter of one of several',
      tool: 'run_experiment',
      args: {
        increment: '0001',
        experiments: [{ name: 'a', command: PRINT, params: { text: 'x'.repeat(10 * MIB) } }],
      },
      code: 'INPUT_TOO_LARGE',
      says: 'Write it to a file',
    },
  ])

  it('an interpreter that ml.yaml names and that is missing', async () => {
    const other = new Product('interpreter: /nowhere/bin/python\n')
    try {
      await other.call('create_increment', { title: 'churn', problem_type: 'classification' })
      const bad = {
        tool: 'run_experiment',
        args: { increment: '0001', name: 'a', command: ['python', 't.py'] },
      }
      await expectRefused(other, {
        ...bad,
        code: 'INTERPRETER_MISSING',
        says: /nowhere\/bin\/python.*\n.*ml\.yaml/s,
      })
      expect(await other.call('get_increment')).toMatchObject({ increment: '0001' })
    } finally {
      await other.dispose()
    }
  })
})

describe('a package that is missing in the interpreter', () => {
  it('is named with that interpreter and both ways out, in the answer and in the records', async () => {
    const ended = await product().run({
      increment: '0001',
      name: 'lacking',
      command: ['python', '-c', 'import no_such_package_at_all'],
    })
    expect(ended).toMatchObject({ state: 'failed', exit_code: 1 })
    expect(ended.warnings.join('\n')).toMatch(
      /package no_such_package_at_all is missing in \S*python\S*: install it there, or set "interpreter: lab"/,
    )
    const end = JSON.parse(
      product().read(join(product().folder(ended.run).slice(product().root.length), 'end.json')),
    )
    expect(end.warnings).toEqual(ended.warnings)
  })
})
