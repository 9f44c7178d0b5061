import { execFileSync } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readWorkingTree } from '../../src/adapters/git/working-tree.ts'
import { removeFolder } from '../support/remove-folder.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'specweave-ml-git-'))
})
afterAll(() => removeFolder(folder))

test('a diff is of the files, whatever programs the user has Git show them by', async () => {
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.org', ...args], { cwd: folder })
  const write = (text: string) => writeFileSync(join(folder, 'train.ipynb'), text)
  git('init', '-q')
  writeFileSync(join(folder, '.gitattributes'), '*.ipynb diff=shown\n')
  write('lr = 1\n')
  git('add', '-A')
  git('commit', '-q', '-m', 'begin')
  git('config', 'diff.shown.textconv', 'echo converted; true')
  git('config', 'diff.external', 'echo another program; true')
  write('lr = 2\n')
  expect(String(git('diff'))).toContain('another program')
  const tree = await readWorkingTree(folder)
  const diff = await tree?.diff(['train.ipynb'])
  expect(diff).toContain('-lr = 1\n+lr = 2\n')
})
