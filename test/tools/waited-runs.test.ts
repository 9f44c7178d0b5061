import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ROOT } from '../hosts/mcp-client.ts'
import { Product } from './product.ts'

const SCRIPT = `import os
seed = int(os.environ.get('SPECWEAVE_SEED') or 0)
print('this is seed', seed)
assert seed != 2, 'two is wrong'
`

let product: Product

beforeAll(async () => {
  product = new Product('id: test\n')
  writeFileSync(join(product.root, 'by_seed.py'), SCRIPT)
  await product.call('create_increment', { title: 'churn', problem_type: 'classification' })
})
afterAll(() => product.dispose())

/** The command line, without a terminal. */
function cli(...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((done) => {
    const child = execFile(
      process.execPath,
      [resolve(ROOT, 'dist/main.js'), ...argv],
      { cwd: product.root, env: product.env },
      (_error, stdout, stderr) => done({ code: child.exitCode ?? -1, stdout, stderr }),
    )
  })
}

describe('a run with seeds of which one fails', () => {
  let ended: Awaited<ReturnType<Product['run']>>

  beforeAll(async () => {
    ended = await product.run({
      increment: '0001',
      name: 'by-seed',
      command: ['python3', 'by_seed.py'],
      seeds: [1, 2, 3],
    })
  })

  it('says which, why, and what it printed', () => {
    const run = String(ended.run)
    expect(ended).toMatchObject({
      state: 'failed',
      reason: '2 of 3 children succeeded; s2 failed: exit code 1',
      logs_of: `${run}/s2`,
      logs: { stdout: ['this is seed 2'] },
    })
    expect((ended.logs as { stderr: string[] }).stderr.at(-1)).toBe('AssertionError: two is wrong')
    expect(Object(ended).next).toContainEqual(
      expect.objectContaining({ tool: 'get_run', arguments: { run: `${run}/s2`, log_lines: 100 } }),
    )
  })

  it('exits 1 where it was waited for, and 0 where it was only asked after', async () => {
    const run = String(ended.run)
    const waited = await cli('get-run', run, '--wait-s', '5')
    expect(waited.code).toBe(1)
    expect(waited.stdout).toContain(`stderr of ${run}/s2, last lines`)
    expect((await cli('get-run', run)).code).toBe(0)
    expect((await cli('get-run', `${run}/s1`, '--wait-s', '5')).code).toBe(0)
    expect((await cli('get-run', '--run', `${run}/s1`, '--run', `${run}/s2`, '--wait-s', '5')).code).toBe(1)
  })
})

describe('run --wait-s', () => {
  it('exits 1 where the run fails, and 0 where it succeeds', async () => {
    const command = (seed: number) => [
      '--env',
      `SPECWEAVE_SEED=${seed}`,
      '--wait-s',
      '30',
      '--',
      'python3',
      'by_seed.py',
    ]
    expect(await cli('run', '--name', 'bad', '--seeds', '2', ...command(0))).toMatchObject({
      code: 1,
      stderr: '',
    })
    expect(await cli('run', '--name', 'good', ...command(1))).toMatchObject({ code: 0, stderr: '' })
    expect(
      await cli('run', '--name', 'later', '--seeds', '2', '--', 'python3', 'by_seed.py', 'x'),
    ).toMatchObject({ code: 0 })
  })
})
