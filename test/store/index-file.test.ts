import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { removeFolder } from '../support/remove-folder.ts'
import { withoutSqlite } from '../support/without-better-sqlite3.ts'

const MAIN = resolve(import.meta.dirname, '../../dist/main.js')

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'specweave-index-file-'))
  mkdirSync(join(folder, '.specweave/increments'), { recursive: true })
})

afterEach(async () => {
  await removeFolder(folder)
})

/** What the program refuses in a workspace that has no index yet. */
async function refusal(environment: NodeJS.ProcessEnv = {}): Promise<{
  code: string
  message: string
  next: unknown
}> {
  const env = { ...process.env, SPECWEAVE_STATE_DIR: join(folder, 'state'), ...environment }
  const { code, stdout } = await new Promise<{ code: unknown; stdout: string }>((done) => {
    execFile(process.execPath, [MAIN, 'call', 'list_runs', '{}'], { cwd: folder, env }, (error, stdout) =>
      done({ code: error?.code ?? 0, stdout }),
    )
  })
  expect(code, stdout).toBe(1)
  return JSON.parse(stdout) as { code: string; message: string; next: unknown }
}

describe('an index that cannot be made', () => {
  it('is said to lack SQLite where none can be loaded', async () => {
    const refused = await refusal(withoutSqlite(folder))
    expect(refused.code).toBe('SQLITE_UNAVAILABLE')
    expect(refused.message).toMatch(/better-sqlite3: it was not compiled.*npm rebuild better-sqlite3/)
    expect(refused.next).toMatchObject([{ person: expect.stringMatching(/ doctor$/) }])
  })

  it('is said to be locked where another process makes it and does not let go', async () => {
    const lock = join(folder, '.specweave/reservations/index.lock')
    mkdirSync(lock, { recursive: true })
    writeFileSync(join(lock, '1.json'), 'of a process that nobody can judge')
    const refused = await refusal()
    expect(refused.code).toBe('INDEX_LOCKED')
    expect(refused.message).toContain(join(lock, '1.json'))
  })
})
