import { chmodSync, existsSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { churnProduct, PRINT, runWith } from './churn-product.ts'
import { Product } from './product.ts'
import { makeReadOnly } from './read-only-folder.ts'
import { expectHelpful, expectRefused } from './refusals.ts'

const product = churnProduct()

describe('spec.md that cannot be read is refused with line and column', () => {
  const cases: [what: string, from: string | RegExp, to: string, says: RegExp][] = [
    ['broken YAML', /^title: .*$/m, 'title: "open', /spec\.md:\d+:\d+: /],
    ['tab as indentation', /^ml:$/m, 'ml:\n\tx: 1', /spec\.md:\d+:\d+: /],
    ['wrong type', /^ {2}looks: .*$/m, '  looks: many', /spec\.md:\d+:10: ml\.looks/],
    ['unknown key', /^ml:$/m, 'ml:\n  colour: red', /spec\.md:\d+:3: ml\.colour is not a key/],
    ['no front matter', /^---\n/, '', /spec\.md:1:1: .*must begin/],
    ['no end of it', /\n---\n/, '\n', /no closing ---/],
  ]
  it.each(cases)('%s', async (_what, from, to, says) => {
    const spec = product().read('.specweave/increments/0001-churn-model/spec.md')
    const broken = spec.replace(from, to)
    expect(broken).not.toBe(spec)
    product().write('.specweave/increments/0001-churn-model/spec.md', broken)
    try {
      for (const tool of ['get_increment', 'validate_increment', 'compare_runs'])
        await expectRefused(product(), { tool, args: { increment: '0001' }, code: 'SPEC_INVALID', says })
      await expectRefused(product(), { ...runWith({}), code: 'SPEC_INVALID', says })
    } finally {
      product().write('.specweave/increments/0001-churn-model/spec.md', spec)
    }
  })
})

describe('a workspace that this version cannot use', () => {
  const everywhere: [string, object][] = [
    ['get_increment', {}],
    ['list_runs', {}],
    ['create_increment', { title: 'x', problem_type: 'classification' }],
    ['run_experiment', { increment: '0001', name: 'a', command: PRINT }],
  ]
  it.each([
    ['from a newer version', 'format: 99\n', 'WORKSPACE_NEWER', /format 99.*Update specweave-ml/],
    ['with a setting that is unknown', 'interpretr: lab\n', 'WORKSPACE_CONFIG_INVALID', /interpretr/],
    ['with broken YAML', 'limits: {cpus: 1\n', 'WORKSPACE_CONFIG_INVALID', /ml\.yaml:\d+:\d+/],
  ])('%s', async (_what, config, code, says) => {
    const other = new Product(config)
    try {
      for (const [tool, args] of everywhere) {
        const before = other.tree()
        const refusal = await other.refusal(tool, args)
        expect([refusal.code, JSON.stringify(refusal)]).toEqual([code, expect.stringMatching(says)])
        expect(other.tree()).toEqual(before)
      }
    } finally {
      await other.dispose()
    }
  })
})

/** A folder of links to all programs on PATH but Python and what brings one along. */
function everythingButPython(folder: string): string {
  mkdirSync(folder)
  for (const place of (process.env.PATH ?? '').split(delimiter)) {
    for (const name of existsSync(place) ? readdirSync(place) : []) {
      if (/^(?:python|pypy|uv|conda)/.test(name) || existsSync(join(folder, name))) continue
      symlinkSync(join(place, name), join(folder, name))
    }
  }
  return folder
}

describe('no Python on PATH', () => {
  it('refuses only what needs it', async () => {
    const other = new Product('id: test\n')
    try {
      const tools = everythingButPython(join(other.base, 'bin'))
      other.write('data.csv', 'a,y\n1,x\n')
      other.write('go.sh', '#!/bin/sh\necho went\n')
      chmodSync(join(other.root, 'go.sh'), 0o755)
      await other.restart({ PATH: tools, SPECWEAVE_LAB_DIR: join(other.base, 'no-lab') })
      await other.call('create_increment', { title: 'churn', problem_type: 'classification' })
      expect(await other.call('get_increment')).toMatchObject({ increment: '0001', status: 'active' })
      expect(await other.call('list_runs')).toMatchObject({ runs: [] })
      await other.call('validate_increment')
      await expectRefused(other, {
        tool: 'run_experiment',
        args: { name: 'a', command: ['python', 'train.py'] },
        code: 'INTERPRETER_MISSING',
        says: /neither python3 nor python on PATH.*\n.*install Python 3\.11/s,
      })
      await expectRefused(other, {
        tool: 'register_dataset',
        args: { name: 'churn', source: 'data.csv', target: 'y', problem_type: 'classification' },
        code: 'INTERPRETER_MISSING',
        says: /lab needs Python 3\.11.*specweave-ml setup/s,
      })
      expect(await other.run({ name: 'shell', command: ['./go.sh'] })).toMatchObject({ state: 'succeeded' })
    } finally {
      await other.dispose()
    }
  })
})

describe('a read-only file system', () => {
  it('refuses what writes, and goes on reading', async (test) => {
    const other = new Product('id: test\n')
    let undo: (() => void) | undefined
    try {
      await other.call('create_increment', { title: 'churn', problem_type: 'classification' })
      const { run: id } = await other.run({ increment: '0001', name: 'first', command: PRINT })
      await other.restart()
      other.write('data.csv', 'a,y\n1,x\n')
      undo = makeReadOnly(other.root)
      if (!undo) return test.skip('this user can neither mount nor be held back by modes')
      const writing: [string, object][] = [
        ['create_increment', { title: 'x', problem_type: 'regression' }],
        ['register_dataset', { name: 'd', source: 'data.csv', target: 'y', problem_type: 'classification' }],
        ['run_experiment', { name: 'b', command: PRINT }],
        ['run_baselines', {}],
        ['stop_run', { run: id }],
        ['evaluate_run', { run: id, split: 'validation' }],
        ['validate_increment', {}],
        ['complete_increment', { outcome: 'not_passed', reason: 'noise' }],
        ['sync_docs', {}],
      ]
      for (const [tool, args] of writing) {
        const before = other.tree()
        const refusal = await other.refusal(tool, args)
        expect([tool, refusal.code, refusal.message]).toEqual([
          tool,
          'WORKSPACE_READ_ONLY',
          expect.stringMatching(/cannot be written.*(?:EROFS|EACCES).*Make .*writable/),
        ])
        expect(other.tree()).toEqual(before)
      }
      expect(await other.call('get_increment')).toMatchObject({ increment: '0001' })
      expect(await other.call('list_runs')).toMatchObject({
        total: 1,
        runs: [{ run: id, state: 'succeeded' }],
      })
      expect(await other.call('get_run', { run: id })).toMatchObject({ logs: { stdout: ['1'] } })
      await other.call('compare_runs', { metric: 'accuracy' })
      await other.call('sync_docs', { mode: 'check' })
    } finally {
      await other.close()
      undo?.()
      await other.dispose()
    }
  })
})

it('a workspace that is no workspace yet is only made where it belongs', async () => {
  const other = new Product()
  try {
    await expectRefused(other, {
      tool: 'get_increment',
      args: {},
      code: 'WORKSPACE_MISSING',
      says: 'create_increment',
    })
    expect(existsSync(join(other.root, '.specweave'))).toBe(false)
    expectHelpful(await other.refusal('list_runs'), 'WORKSPACE_MISSING', 'create_increment')
  } finally {
    await other.dispose()
  }
})
