import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { claimNext } from '../../src/runs/claim.ts'
import type { Index } from '../../src/store/index-db.ts'
import { LabWorkspace } from '../support/lab-workspace.ts'

let lab: LabWorkspace
beforeEach(() => {
  lab = new LabWorkspace()
})
afterEach(() => lab.dispose())

const rm = fs.rmSync
/** A disk that becomes read-only between the claim and what is done after it. */
async function onceReadOnly<T>(work: () => Promise<T>): Promise<T> {
  fs.rmSync = (path, options) => {
    if (!String(path).includes('.tmp-')) return rm(path, options)
    throw Object.assign(new Error('EROFS: read-only file system'), { code: 'EROFS' })
  }
  syncBuiltinESMExports()
  try {
    return await work()
  } finally {
    fs.rmSync = rm
    syncBuiltinESMExports()
  }
}

test('who has made a claim knows so, also where the disk becomes read-only in the same moment', async () => {
  const { run } = await lab.submit({ command: ['true'] })
  const index = await lab.index()
  expect(await onceReadOnly(async () => claimNext(lab.workspace, index))).toMatchObject({ run })
})

test('and where the index cannot be written to after it', async () => {
  const { run } = await lab.submit({ command: ['true'] })
  const index = await lab.index()
  const full: Index = {
    ...index,
    driver: {
      ...index.driver,
      run(sql, values) {
        if (sql.startsWith('UPDATE runs'))
          throw Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' })
        return index.driver.run(sql, values)
      },
    },
  }
  expect(claimNext(lab.workspace, full)).toMatchObject({ run })
})
