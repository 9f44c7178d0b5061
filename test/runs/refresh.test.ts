import fs, { type Dirent, rmSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { refreshIndex } from '../../src/runs/refresh.ts'
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
