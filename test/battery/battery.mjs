// Plays the battery with drawn variants and prints what the referee made of it: JSON lines, then the figures.
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const HELP = `npm run battery -- [options]

Wrongdoings that the referee must catch and honest work that it must let pass, as small scripts on real data.
A JSON line for each on stdout, the figures on stderr. Exit status 1 where one ends otherwise than it is marked.

  --variants N   drawn variants of each beside the plain one: other data, names, libraries, models (3)
  --from N       the first of them to play, to take a long run in parts; 0 is the plain one (0)
  --seed N       what the variants are drawn by (1)
  --case TEXT    only the cases whose names hold this
  --help         says this`

const { values } = parseArgs({
  options: {
    variants: { type: 'string', default: '3' },
    from: { type: 'string', default: '0' },
    seed: { type: 'string', default: '1' },
    case: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) {
  console.log(HELP)
  process.exit(0)
}

const { prepareLab, prepareTestPython, testPython } = await import('../../scripts/lab-for-tests.mjs')
const lab = prepareLab()
prepareTestPython()
const repository = fileURLToPath(new URL('../..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'specweave-ml-battery-'))
const out = join(folder, 'outcomes.jsonl')
const chosen = values.case ? ['-t', values.case.replaceAll(/[^\w ]/g, '.')] : []
const child = spawn(
  process.execPath,
  [
    join(repository, 'node_modules/vitest/vitest.mjs'),
    ...['run', '--project', 'product', 'test/battery', '--testTimeout', '600000', ...chosen],
  ],
  {
    cwd: repository,
    // What the tests say is for the log; the figures are this program's answer.
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      ...process.env,
      ...lab,
      SPECWEAVE_TEST_PYTHON: testPython,
      SPECWEAVE_BATTERY_FROM: values.from,
      SPECWEAVE_BATTERY_VARIANTS: values.variants,
      SPECWEAVE_BATTERY_SEED: values.seed,
      SPECWEAVE_BATTERY_OUT: out,
    },
  },
)
const outcomes = []
const timer = setInterval(tell, 2000)
const status = await new Promise((resolve) => child.once('exit', resolve))
clearInterval(timer)
tell()
rmSync(folder, { recursive: true })
console.error(`\n${figures()}\n${listed('named')}${listed('missed')}${listed('false alarm')}`)
process.exit(status === 0 ? 0 : 1)

/** Each line as it comes: the whole takes long. */
function tell() {
  if (!existsSync(out)) return
  const lines = readFileSync(out, 'utf8').split('\n').slice(outcomes.length, -1)
  for (const line of lines) {
    console.log(line)
    outcomes.push(JSON.parse(line))
  }
}

/** Of the plain cases and of the variants apart: the variants are what counts. */
function figures() {
  const row = (name, some) => {
    const of = (result) => some.filter((one) => one.result === result).length
    const wrong = some.filter(({ wrong }) => wrong).length
    return `| ${name} | ${wrong} | ${of('blocked')} | ${of('named')} | ${of('missed')} | ${some.length - wrong} | ${of('false alarm')} |`
  }
  return [
    '| | wrongdoings | no pass | named, and let pass | missed | honest | false alarms |',
    '|---|---|---|---|---|---|---|',
    row(
      'plain',
      outcomes.filter(({ variant }) => variant === 0),
    ),
    row(
      'drawn variants',
      outcomes.filter(({ variant }) => variant > 0),
    ),
  ].join('\n')
}

/** Which cases ended so, and in which variants. */
function listed(result) {
  const names = new Map()
  for (const one of outcomes.filter((one) => one.result === result))
    names.set(one.case, [...(names.get(one.case) ?? []), one.variant])
  const lines = [...names].map(([name, variants]) => `- ${name} (${variants.join(', ')})`)
  return lines.length > 0 ? `\n${result}:\n${lines.join('\n')}\n` : ''
}
