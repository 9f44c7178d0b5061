// The Python that the tests use: the lab's own environment, from its lock, in .cache/lab; and beside it .cache/test-python
// with what only tests need. Made once, by the product's own set-up, and kept between runs.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
export const labFolder = process.env.SPECWEAVE_LAB_DIR ?? join(root, '.cache', 'lab')
const testFolder = join(root, '.cache', 'test-python')
export const testPython = join(testFolder, 'bin', 'python')

function run(command, args, env = {}) {
  const { status } = spawnSync(command, args, { stdio: 'inherit', env: { ...process.env, ...env } })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}`)
}

/** @returns the environment variables that point the product at this lab. */
export function prepareLab() {
  const env = { SPECWEAVE_LAB_DIR: labFolder }
  run(process.execPath, [join(root, 'dist', 'main.js'), 'setup'], env)
  return env
}

/** The packages of python/test-requirements.txt on top of the lab's: pytest, an MCP client, data sets. */
export function prepareTestPython() {
  const requirements = join(root, 'python', 'test-requirements.txt')
  const wanted = createHash('sha256').update(readFileSync(requirements)).digest('hex')
  const marker = join(testFolder, 'ready')
  if (existsSync(marker) && readFileSync(marker, 'utf8') === wanted) return
  const base = readFileSync(join(labFolder, 'current'), 'utf8').trim()
  mkdirSync(testFolder, { recursive: true })
  run(base, ['-m', 'venv', testFolder])
  run(testPython, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', requirements])
  const site = (python) =>
    spawnSync(python, ['-c', 'import sysconfig; print(sysconfig.get_path("purelib"))'], {
      encoding: 'utf8',
    }).stdout.trim()
  // The lab's packages are seen from here, and never written to.
  writeFileSync(join(site(testPython), 'lab.pth'), `${site(base)}\n`)
  writeFileSync(marker, wanted)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  prepareLab()
  prepareTestPython()
}
