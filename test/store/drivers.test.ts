import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
// @ts-expect-error a script without types
import { node24 } from '../../scripts/node24.mjs'
import { loadBetterSqlite3 } from '../../src/store/sqlite/better-sqlite3.ts'
import { loadNodeSqlite } from '../../src/store/sqlite/node-sqlite.ts'
import { driverSuite } from './driver-suite.ts'
import { memorySuite } from './memory-suite.ts'

const ROOT = resolve(import.meta.dirname, '../..')

/** Why a driver cannot be had in this Node; undefined where it can. */
function lacking(load: () => unknown): string | undefined {
  try {
    load()
    return undefined
  } catch (cause) {
    return String(cause).split('\n')[0]
  }
}

const noBetter = lacking(loadBetterSqlite3)
const noNode = lacking(loadNodeSqlite)

describe('SQLite', () => {
  it('is to be had in this Node', () => {
    // better-sqlite3 is optional, and may be compiled for another Node than this; without its own, Node needs it.
    expect(noBetter && noNode, `${noBetter}; ${noNode}`).toBeUndefined()
    expect(createRequire(import.meta.url)('better-sqlite3/package.json').version).toMatch(/^12\./)
  })
})

if (!noBetter) {
  driverSuite('better-sqlite3', loadBetterSqlite3)
  memorySuite('better-sqlite3', loadBetterSqlite3)
} else describe.skip(`better-sqlite3: ${noBetter}`, () => it('is not tested', () => {}))

if (!noNode) {
  driverSuite('node:sqlite', loadNodeSqlite)
  memorySuite('node:sqlite', loadNodeSqlite)
} else
  describe('node:sqlite', () => {
    it('passes the same suite in Node 24', async () => {
      const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs')
      const report = join(ROOT, 'node_modules/.cache/specweave-ml', `drivers-${process.pid}.json`)
      const args = [vitest, 'run', '--config', join(import.meta.dirname, 'node24.config.ts'), '--root', ROOT]
      const { PATH = '', HOME = '' } = process.env
      const { stdout } = await promisify(execFile)(
        node24(),
        [...args, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
        { cwd: ROOT, env: { PATH, HOME, NO_COLOR: '1' } },
      )
      const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as {
        testResults: { assertionResults: { ancestorTitles: string[]; status: string }[] }[]
      }
      const results = testResults.flatMap(({ assertionResults }) => assertionResults)
      const own = results.filter(({ ancestorTitles }) => ancestorTitles.includes('node:sqlite'))
      expect(own.length, stdout).toBeGreaterThan(25)
      const memory = results.filter(({ ancestorTitles }) =>
        ancestorTitles.includes('node:sqlite: the memory'),
      )
      expect(memory.length, stdout).toBeGreaterThan(5)
      expect([...own, ...memory].every(({ status }) => status === 'passed')).toBe(true)
    })
  })
