import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { ownSources } from '../../src/runs/imported-modules.ts'

let root: string
const write = (path: string, text: string): void => {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
}
const sources = (command: string[], cwd = '.') => ownSources(root, { command, cwd }).sort()

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'specweave-ml-imports-'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

it('follows the imports of a script into the workspace, and no further', () => {
  const main =
    'import numpy as np, pipeline as p\nfrom steps.load import (\n  rows,  # all\n  other as o,\n)\n'
  write('src/train.py', main)
  write('src/pipeline.py', 'import pipeline\nfrom . import near\n# here load_dataset stands')
  write('src/near.py', 'near')
  write('src/steps/__init__.py', 'package')
  write('src/steps/load.py', 'from .. import pipeline\n  from .deep import x')
  write('src/steps/deep/__init__.py', 'deep')
  write('src/unused.py', 'unused')
  const found = sources(['python', 'src/train.py', '--out', 'x'])
  expect(found).toHaveLength(6)
  expect(found).toContain('deep')
  expect(found).toContain('near')
  expect(found).not.toContain('unused')
})

it('takes a submodule that is imported as a name, a module that is run, and a folder that the run starts in', () => {
  write('job/work/__init__.py', '')
  write('job/work/load.py', 'load')
  write('job/a.py', 'from work import load')
  expect(sources(['python', 'a.py'], 'job')).toContain('load')
  expect(sources(['python', '-m', 'work.load'], 'job')).toContain('load')
  expect(sources(['python', '-m', 'nothing'], 'job')).toEqual([])
})

it('leaves the workspace alone for nothing', () => {
  write('a.py', 'from ...outside import x\nimport ..\nfrom  import\nimport os')
  expect(sources(['python', 'a.py'])).toHaveLength(1)
  expect(sources(['ls'])).toEqual([])
})

it('passes over what is called a module and is no file', () => {
  write('a.py', 'import folder\nimport pipe\nimport b')
  write('b.py', 'b')
  mkdirSync(join(root, 'folder.py'))
  execFileSync('mkfifo', [join(root, 'pipe.py')])
  expect(sources(['python', 'a.py'])).toEqual(['b', 'import folder\nimport pipe\nimport b'])
})
