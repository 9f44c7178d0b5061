import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PROGRAM } from '../hosts/mcp-client.ts'
import { removeFolder } from '../support/remove-folder.ts'
import { NO_LAB } from '../tools/product.ts'
import { differences, Shell, stepsOf } from './follow.ts'
import { ROOT } from './pages.ts'

const path = 'docs/guides/first-increment.md'
const steps = stepsOf({ path, text: readFileSync(join(ROOT, path), 'utf8') })
const SOME_MACHINES = /^note: .*lacks pandas and scikit-learn/
/** Runs that `--wait-s` was too short for: the page says that the same command waits on. */
const UNDER_WAY = /^\S+\/exp-\S+: (?:queued|starting|running|evaluating)$/m
/** Said to people where the criteria are not met; here they are. */
const OTHER_END = /--outcome not_passed/

describe.skipIf(NO_LAB)(`${path}, typed as it stands (${NO_LAB ?? 'with the lab'})`, () => {
  let folder: string
  let shell: Shell
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'specweave-ml-guide-'))
    const bin = join(folder, 'bin')
    mkdirSync(bin)
    const program = `#!/bin/sh\nexec '${process.execPath}' '${PROGRAM}' "$@"\n`
    writeFileSync(join(bin, 'specweave-ml'), program, { mode: 0o755 })
    const git = { GIT_AUTHOR_NAME: 'A', GIT_AUTHOR_EMAIL: 'a@example.org' }
    shell = new Shell(folder, {
      ...process.env,
      ...git,
      GIT_COMMITTER_NAME: git.GIT_AUTHOR_NAME,
      GIT_COMMITTER_EMAIL: git.GIT_AUTHOR_EMAIL,
      HOME: folder,
      SPECWEAVE_STATE_DIR: join(folder, 'state'),
      PATH: `${bin}:${process.env.PATH}`,
    })
  })
  afterAll(async () => {
    await shell.close()
    await removeFolder(folder)
  })

  for (const { typed, shown } of steps)
    it.skipIf(OTHER_END.test(typed))(typed, async () => {
      const command = typed.replaceAll('/path/to/specweave-ml', ROOT)
      let answer = await shell.type(command)
      while (shown && typed.includes('--wait-s') && UNDER_WAY.test(answer.printed))
        answer = await shell.type(command)
      expect(answer, answer.errors).toMatchObject({ code: 0 })
      const [printed = ''] = answer.printed.split('\nNext:\n')
      if (shown) expect(differences(shown, printed.split('\n'), SOME_MACHINES)).toEqual([])
    })
})
