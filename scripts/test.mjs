// Every check and test, in the order in which they fail fastest. `npm test -- --only=product` runs one part.
import { spawn } from 'node:child_process'
import { labFolder, prepareLab, prepareTestPython, testPython } from './lab-for-tests.mjs'

/** Those of a step run side by side: a pytest keeps one core busy. */
const STEPS = [
  { check: ['npm', 'run', '--silent', 'check'] },
  { product: ['npx', 'vitest', 'run', '--project', 'product'] },
  { sdk: [testPython, '-m', 'pytest', 'python/sdk'], lab: [testPython, '-m', 'pytest', 'python/lab'] },
]

const env = { ...process.env, SPECWEAVE_LAB_DIR: labFolder, SPECWEAVE_TEST_PYTHON: testPython }

/** @returns the exit status. What runs beside another shows its output when it has ended. */
async function run(name, [program, ...args], alone) {
  const began = Date.now()
  const child = spawn(program, args, { stdio: alone ? 'inherit' : ['ignore', 'pipe', 'pipe'], env })
  const output = []
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => output.push(chunk))
  const status = await new Promise((resolve) => {
    child.on('error', () => resolve(1))
    child.on('close', (code) => resolve(code ?? 1))
  })
  process.stdout.write(Buffer.concat(output))
  const how = status === 0 ? 'passed' : `failed (exit ${status})`
  console.log(`${name}: ${how} in ${((Date.now() - began) / 1000).toFixed(1)} s`)
  return status
}

const only = process.argv.find((argument) => argument.startsWith('--only='))?.slice('--only='.length)
const names = STEPS.flatMap((step) => Object.keys(step))
if (only && !names.includes(only)) {
  console.error(`There is no part ${only}: ${names.join(', ')}`)
  process.exit(2)
}
for (const step of STEPS) {
  const parts = Object.entries(step).filter(([name]) => !only || name === only)
  if (parts.some(([name]) => name !== 'check')) {
    prepareLab()
    prepareTestPython()
  }
  const statuses = await Promise.all(parts.map(([name, command]) => run(name, command, parts.length === 1)))
  const failed = statuses.find((status) => status !== 0)
  if (failed !== undefined) process.exit(failed)
}
