import { cpSync, mkdirSync, mkdtempSync, realpathSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { endCarrying } from '../support/processes.ts'
import { removeFolder } from '../support/remove-folder.ts'

const ROOT = resolve(import.meta.dirname, '../..')

/** The real program, as a client would start it. */
export const PROGRAM = join(ROOT, 'dist', 'main.js')
export const SERVER = [process.execPath, PROGRAM, 'serve']

/** An empty project with the churn example in it, and a home and a state folder of its own. */
export interface Place {
  project: string
  /** Of the server and of the client. Python is looked for on PATH, as for a person without a virtual environment. */
  env: Record<string, string>
  remove(): Promise<void>
}

export function makePlace(): Place {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'specweave-clients-')))
  const project = join(folder, 'project')
  const home = join(folder, 'home')
  mkdirSync(home)
  cpSync(join(ROOT, 'examples', 'churn'), join(project, 'churn'), { recursive: true })
  const { PATH = '', SPECWEAVE_LAB_DIR = join(ROOT, '.cache', 'lab') } = process.env
  const env = { PATH, HOME: home, SPECWEAVE_LAB_DIR, SPECWEAVE_STATE_DIR: join(folder, 'state') }
  return {
    project,
    env,
    async remove() {
      await endCarrying(`SPECWEAVE_STATE_DIR=${env.SPECWEAVE_STATE_DIR}`)
      await removeFolder(folder)
    },
  }
}

/** The Python with the packages of python/test-requirements.txt; `npm test` names it. */
export function testPython(): string {
  return process.env.SPECWEAVE_TEST_PYTHON ?? join(ROOT, '.cache', 'test-python', 'bin', 'python')
}
