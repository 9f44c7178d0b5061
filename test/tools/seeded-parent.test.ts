import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PROGRAM } from '../hosts/mcp-client.ts'
import { Product } from './product.ts'

const PYTHON = process.env.SPECWEAVE_TEST_PYTHON ?? 'python3'

describe('a run that gathers its seeds', () => {
  let product: Product
  let parent: string
  beforeAll(async () => {
    product = new Product(`id: seeds\ninterpreter: ${PYTHON}\n`)
    product.write('train.py', 'print(1)\n')
    await product.call('create_increment', {
      title: 'learn by chance',
      problem_type: 'classification',
      success_metrics: ['accuracy >= 0.6'],
    })
    const submitted = await product.call('run_experiment', {
      increment: '0001',
      name: 'seeded',
      command: ['python', 'train.py'],
      seeds: [1, 2],
      wait_s: 40,
    })
    ;({ run: parent } = await product.ended(submitted))
  })
  afterAll(() => product?.dispose())

  const doctor = () =>
    spawnSync(process.execPath, [PROGRAM, 'doctor'], {
      cwd: product.root,
      env: product.env,
      encoding: 'utf8',
    }).stdout

  it.each([{ split: 'validation', threshold: { metric: 'f1' } }, { split: 'test' }])(
    'is not evaluated itself: its seeds are named (%o)',
    async (asked) => {
      const refused = await product.refusal('evaluate_run', { run: parent, ...asked })
      expect(refused).toMatchObject({
        code: 'INPUT_INVALID',
        message: expect.stringContaining(`${parent} is 2 runs of seeds`),
        next: [
          { tool: 'evaluate_run', arguments: { run: `${parent}/s1`, ...asked } },
          { tool: 'compare_runs', arguments: { increment: '0001' } },
        ],
      })
      expect(refused.message).toContain(`${parent}/s1, ${parent}/s2`)
      expect(refused.message).toContain('ml.candidate')
    },
  )

  it('is asked of by what a threshold is for, not by a number', async () => {
    for (const threshold of [0.7, '0.7'])
      expect(
        (await product.refusal('evaluate_run', { run: `${parent}/s1`, split: 'validation', threshold }))
          .message,
      ).toMatch(
        /must be an object, not \w+: the lab chooses its value.*"metric": "precision", "at_least": 0.9/,
      )
  })

  it('is shown to Git by doctor where an earlier version hid it for good', () => {
    const hidden = join(product.folder(parent), '.gitignore')
    expect(existsSync(hidden)).toBe(false)
    expect(doctor()).not.toContain('git add')
    writeFileSync(hidden, '*\n')
    expect(doctor()).toMatch(
      new RegExp(
        `note +${parent}: its seeds have all ended.*git add '.specweave/increments/.*exp-001-seeded'`,
      ),
    )
    expect(existsSync(hidden)).toBe(false)
    // What a person wrote stays.
    writeFileSync(hidden, '*.bin\n')
    expect(doctor()).not.toContain('git add')
    expect(readFileSync(hidden, 'utf8')).toBe('*.bin\n')
  })
})
