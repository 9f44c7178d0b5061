// Every check and test, in the order in which they fail fastest. `npm test -- --only=product` runs one part.
import { spawnSync } from 'node:child_process'
import { labFolder, prepareLab, prepareTestPython, testPython } from './lab-for-tests.mjs'

const only = process.argv.find((argument) => argument.startsWith('--only='))?.slice('--only='.length)
const env = { ...process.env, SPECWEAVE_LAB_DIR: labFolder, SPECWEAVE_TEST_PYTHON: testPython }

function command(program, ...args) {
  return () => spawnSync(program, args, { stdio: 'inherit', env }).status ?? 1
}

const parts = [
  { name: 'check', run: command('npm', 'run', '--silent', 'check') },
  {
    name: 'prepare',
    run() {
      prepareLab()
      prepareTestPython()
      return 0
    },
  },
  { name: 'product', run: command('npx', 'vitest', 'run', '--project', 'product') },
  { name: 'sdk', run: command(testPython, '-m', 'pytest', 'python/sdk') },
  { name: 'lab', run: command(testPython, '-m', 'pytest', 'python/lab') },
]

for (const { name, run } of parts) {
  if (only && name !== only && name !== 'prepare') continue
  const began = Date.now()
  const status = run()
  console.log(
    `${name}: ${status === 0 ? 'passed' : `failed (exit ${status})`} in ${((Date.now() - began) / 1000).toFixed(1)} s`,
  )
  if (status !== 0) process.exit(status)
}
