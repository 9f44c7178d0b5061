// Every check and test, in the order in which they fail fastest. `npm test -- --only=product` runs one part.
import { spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { labFolder, prepareLab, prepareTestPython, testPython } from './lab-for-tests.mjs'

/** A pytest keeps one core busy: it is dealt out to as many as there are, which none of the parts could be beside another. */
const pytest = (folder) => {
  const workers = String(Math.min(availableParallelism(), 8))
  return [testPython, '-m', 'pytest', '-n', workers, '--dist', 'worksteal', folder]
}

const PARTS = {
  check: ['npm', 'run', '--silent', 'check'],
  product: ['npx', 'vitest', 'run', '--project', 'functions', '--project', 'product'],
  sdk: pytest('python/sdk'),
  lab: pytest('python/lab'),
}

const env = { ...process.env, SPECWEAVE_LAB_DIR: labFolder, SPECWEAVE_TEST_PYTHON: testPython }

/** @returns the exit status. */
async function run(name, [program, ...args]) {
  const began = Date.now()
  // Workers are threads enough: OpenMP's own would wait for each other on the same cores.
  const own = program === testPython ? { ...env, OMP_NUM_THREADS: '1' } : env
  const child = spawn(program, args, { stdio: 'inherit', env: own })
  const status = await new Promise((resolve) => {
    child.on('error', () => resolve(1))
    child.on('close', (code) => resolve(code ?? 1))
  })
  const how = status === 0 ? 'passed' : `failed (exit ${status})`
  console.log(`${name}: ${how} in ${((Date.now() - began) / 1000).toFixed(1)} s`)
  return status
}

const only = process.argv.find((argument) => argument.startsWith('--only='))?.slice('--only='.length)
if (only && !(only in PARTS)) {
  console.error(`There is no part ${only}: ${Object.keys(PARTS).join(', ')}`)
  process.exit(2)
}
for (const [name, command] of Object.entries(PARTS)) {
  if (only && name !== only) continue
  if (name !== 'check') {
    prepareLab()
    prepareTestPython()
  }
  const status = await run(name, command)
  if (status !== 0) process.exit(status)
}
