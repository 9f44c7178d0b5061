import fs, { type Dirent, rmSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { rebuildIndex, refreshIndex } from '../../src/runs/refresh.ts'
import type { Index } from '../../src/store/index-db.ts'
import { LabWorkspace } from '../support/lab-workspace.ts'

let lab: LabWorkspace
beforeEach(() => {
  lab = new LabWorkspace()
})
afterEach(() => lab.dispose())

const readdir = fs.readdirSync
/** A look at the folder that was taken before the run came, by a process that then slept. */
function unseen(name: string): void {
  fs.readdirSync = ((path: string, options: object) => {
    const found = readdir(path, options as never) as unknown as Dirent[]
    return found.filter((entry) => (entry.name ?? entry) !== name)
  }) as never
  syncBuiltinESMExports()
}
function seen(): void {
  fs.readdirSync = readdir
  syncBuiltinESMExports()
}

test('a run that another process made since the look at its folder is not forgotten', async () => {
  const { run, folder } = await lab.submit({ command: ['true'] })
  const index = await lab.index()
  refreshIndex(lab.workspace, index)
  const known = () => index.driver.all('SELECT run FROM runs').map((row) => row.run)
  expect(known()).toEqual([run])
  try {
    unseen(folder.split('/').at(-1)!)
    refreshIndex(lab.workspace, index)
  } finally {
    seen()
  }
  expect(known()).toEqual([run])
  rmSync(folder, { recursive: true })
  refreshIndex(lab.workspace, index)
  expect(known()).toEqual([])
})

test('runs that another process took up while this one waited for the index are not read again', async () => {
  for (const seed of [1, 2, 3]) await lab.submit({ command: ['true'], seed })
  const index = await lab.index()
  rebuildIndex(lab.workspace, index)
  const rows = () => index.driver.all('SELECT run FROM runs ORDER BY run')
  const known = rows()
  const all = index.driver.all('SELECT * FROM runs')
  index.driver.exec('DELETE FROM runs; DELETE FROM folders')
  // The lock is had when the other has just let go of it.
  const reads: string[] = []
  const waiting: Index = {
    ...index,
    transaction: (work) =>
      index.transaction(() => {
        if (rows().length === 0)
          for (const row of all)
            index.driver.run(
              `INSERT INTO runs (${Object.keys(row)}) VALUES (${Object.keys(row).map(() => '?')})`,
              Object.values(row),
            )
        const { openSync } = fs
        fs.openSync = ((path: string, ...rest: [never]) => {
          reads.push(path)
          return openSync(path, ...rest)
        }) as never
        syncBuiltinESMExports()
        try {
          return work()
        } finally {
          fs.openSync = openSync
          syncBuiltinESMExports()
        }
      }),
  }
  refreshIndex(lab.workspace, waiting)
  expect(rows()).toEqual(known)
  expect(reads.filter((path) => path.endsWith('run.json'))).toEqual([])
})
