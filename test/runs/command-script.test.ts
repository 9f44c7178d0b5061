import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Refusal } from '../../src/core/errors.ts'
import type { RunRequest } from '../../src/runs/check-request.ts'
import { requireScript, scriptPlace } from '../../src/runs/command-script.ts'

describe('the script of a command', () => {
  it.each([
    ['python train.py', 1],
    ['python3.12 -u -Wignore -X dev -W error scripts/train.py --config no.py', 7],
    ['/opt/venv/bin/python -Bu ./train.py', 2],
  ])('stands in %s', (line, at) => {
    expect(scriptPlace(line.split(' '))).toBe(at)
  })

  it.each([
    'python -m train.py',
    'python -um package train.py',
    'python -c print(1) train.py',
    'python - train.py',
    'python --unknown train.py',
    'python -Xdev -k train.py',
    'python {script}.py',
    'python folder',
    'python',
    'uv run train.py',
    'bash train.py',
    'pythonic train.py',
  ])('is not looked for in %s', (line) => {
    expect(scriptPlace(line.split(' '))).toBeUndefined()
  })
})

describe('a script that is not there', () => {
  let root: string

  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'specweave-script-'))
    const scripts = join(root, '.specweave', 'increments', '0001-churn', 'scripts')
    for (const folder of [scripts, join(root, 'src', 'deep'), join(root, 'elsewhere')])
      mkdirSync(folder, { recursive: true })
    writeFileSync(join(scripts, 'train.py'), '')
    writeFileSync(join(root, 'src', 'evaluate.py'), '')
  })
  afterAll(() => rmSync(root, { recursive: true }))

  function refusal(command: string[], cwd = '.', more: Partial<RunRequest> = {}): Refusal | undefined {
    const request = { increment: { id: '0001', folder: '0001-churn' }, name: 'a', command, ...more }
    try {
      requireScript(root, join(root, cwd), request as RunRequest, command)
      return undefined
    } catch (thrown) {
      if (thrown instanceof Refusal) return thrown
      throw thrown
    }
  }

  it('is refused with the one of the same name, and the call that would work', () => {
    const refused = refusal(['python', '-u', 'train.py', '--lr', '0.1'], '.', {
      params: { a: 1 },
      seeds: [1],
    })
    const script = '.specweave/increments/0001-churn/scripts/train.py'
    expect(refused).toMatchObject({
      code: 'COMMAND_INVALID',
      message: expect.stringContaining(`Did you mean ${script}?`),
    })
    expect(refused?.next).toMatchObject([
      {
        tool: 'run_experiment',
        arguments: { command: ['python', '-u', script, '--lr', '0.1'], params: { a: 1 }, seeds: [1] },
      },
    ])
  })

  it('is looked for where the command would start', () => {
    expect(refusal(['python', 'evaluate.py'], 'src')).toBeUndefined()
    expect(refusal(['python', '../evaluate.py'], 'src/deep')).toBeUndefined()
    expect(refusal(['python', join(root, 'src', 'evaluate.py')])).toBeUndefined()
    expect(refusal(['python', 'src/evaluate.py'], 'src')?.message).toBe(
      'There is no file src/evaluate.py in src: nothing was started. Did you mean evaluate.py?',
    )
    expect(refusal(['python', 'evalute.py'], 'elsewhere')?.message).toContain(
      'Did you mean ../src/evaluate.py?',
    )
  })

  it('is refused without a guess where none is near', () => {
    const refused = refusal(['python', '/nowhere/quite_another_thing.py'])
    expect(refused?.message).toBe('There is no file /nowhere/quite_another_thing.py: nothing was started.')
    expect(refused?.next).toMatchObject([
      {
        arguments: { command: ['python', '/nowhere/quite_another_thing.py'] },
        why: expect.stringContaining('once the script is there'),
      },
    ])
  })
})
