import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { RunRecord } from '../../src/runs/record.ts'
import { failureOfRepetition } from '../../src/runs/reproduction-failure.ts'
import { removeFolder } from '../support/remove-folder.ts'

const by = (interpreter: string) =>
  ({ environment: { interpreter, python: '3.11.7', packages: {} } }) as unknown as RunRecord

it('says why a repetition failed: the last words of its script, and that its Python is another', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'specweave-ml-repetition-'))
  mkdirSync(join(folder, 'logs'))
  const said = (stderr: string, interpreter: string) => {
    writeFileSync(join(folder, 'logs/stderr.log'), stderr)
    return failureOfRepetition(by('~/venv/bin/python'), { folder, record: by(interpreter) })
  }
  const traceback =
    "Traceback (most recent call last):\n  import sklearn\n  ^^^^^^\nModuleNotFoundError: No module named 'sklearn'\n\n"
  expect(said(traceback, '/usr/bin/python3')).toEqual([
    expect.stringMatching(/stderr .*: ModuleNotFoundError: No module named 'sklearn'$/),
    expect.stringMatching(
      /made with the Python ~\/venv\/bin\/python, and the repetition with \/usr\/bin\/python3/,
    ),
  ])
  expect(said('', '~/venv/bin/python')).toEqual([expect.stringContaining('wrote nothing to stderr')])
  await removeFolder(folder)
})
