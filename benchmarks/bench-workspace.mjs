// A workspace in a temporary folder, in a Git repository as most are, with a state folder of its own.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export function benchWorkspace({ config = '' } = {}) {
  const root = mkdtempSync(join(tmpdir(), 'specweave-ml-bench-'))
  const state = join(root, '..', `${root.split('/').at(-1)}.state`)
  mkdirSync(join(root, '.specweave', 'increments'), { recursive: true })
  writeFileSync(join(root, '.specweave', 'ml.yaml'), `format: 1\n${config}`)
  writeFileSync(join(root, 'train.py'), 'print("trained")\n')
  const git = (...args) =>
    execFileSync('git', ['-C', root, '-c', 'user.name=b', '-c', 'user.email=b@example.org', ...args])
  git('init', '-q')
  git('add', 'train.py')
  git('commit', '-q', '-m', 'begin')
  return {
    root,
    env: { SPECWEAVE_STATE_DIR: state },
    /** A supervisor may still be writing its last page. */
    async dispose() {
      for (const folder of [root, state])
        for (let tries = 0; tries < 20 && existsSync(folder); tries++) {
          try {
            rmSync(folder, { recursive: true, force: true })
          } catch {
            await new Promise((resolve) => setTimeout(resolve, 200))
          }
        }
    },
  }
}
