import fs, { mkdtempSync, readdirSync, renameSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { withLock } from '../../src/adapters/process/lock.ts'
import { removeFolder } from '../support/remove-folder.ts'

let base: string
let folder: string
beforeEach(async () => {
  base = mkdtempSync(join(tmpdir(), 'specweave-ml-lock-'))
  folder = join(base, 'lock')
  await withLock(folder, () => {})
})
afterEach(() => removeFolder(base))

/** Stops in the act of taking the lock, after the look, as a busy machine does, while others go on. */
function meanwhile(others: () => void): void {
  const link = fs.linkSync
  fs.linkSync = (from, to) => {
    fs.linkSync = link
    syncBuiltinESMExports()
    others()
    link(from, to)
  }
  syncBuiltinESMExports()
}

/** What another process leaves that takes the lock and lets it go. */
function takenAndFreed(number: number): void {
  renameSync(join(folder, `${number - 1}.free.json`), join(folder, `${number}.free.json`))
}

test('one that slept while another took the lock and let it go does not hold that one’s number', async () => {
  meanwhile(() => takenAndFreed(2))
  expect(await withLock(folder, () => readdirSync(folder))).toEqual(['3.json'])
})

test('one that slept while two others took it in turn comes after them', async () => {
  meanwhile(() => {
    takenAndFreed(2)
    takenAndFreed(3)
  })
  expect(await withLock(folder, () => readdirSync(folder))).toEqual(['4.json'])
})

test('one that can remove nothing, on a disk that has become read-only, holds it and lets it go', async () => {
  const rm = fs.rmSync
  fs.rmSync = (path) => {
    throw Object.assign(new Error(`EROFS: read-only file system, rm '${path}'`), { code: 'EROFS' })
  }
  syncBuiltinESMExports()
  try {
    expect(await withLock(folder, () => 'held')).toBe('held')
  } finally {
    fs.rmSync = rm
    syncBuiltinESMExports()
  }
  expect(await withLock(folder, () => readdirSync(folder).filter((name) => /^\d/.test(name)))).toEqual([
    '3.json',
  ])
})
