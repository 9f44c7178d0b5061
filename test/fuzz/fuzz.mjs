// The properties with many more cases: `npm run fuzz`, or `npm run fuzz -- --cases 500 --seed 7 test/fuzz/tools.test.ts`.
// The seed is another each time unless it is given, and is printed: with it the same cases come again.
import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import { labFolder, testPython } from '../../scripts/lab-for-tests.mjs'

const { values, positionals } = parseArgs({
  options: { cases: { type: 'string', default: '2000' }, seed: { type: 'string' } },
  allowPositionals: true,
})
const seed = values.seed ?? String(Math.floor(Math.random() * 2 ** 31))
console.log(`fuzz: ${values.cases} cases a property, seed ${seed}`)
const { status } = spawnSync(
  'npx',
  ['vitest', 'run', '--project', 'product', ...(positionals.length > 0 ? positionals : ['test/fuzz'])],
  {
    stdio: 'inherit',
    env: {
      SPECWEAVE_LAB_DIR: labFolder,
      SPECWEAVE_TEST_PYTHON: testPython,
      ...process.env,
      SPECWEAVE_FUZZ_CASES: values.cases,
      SPECWEAVE_FUZZ_SEED: seed,
    },
  },
)
process.exit(status ?? 1)
