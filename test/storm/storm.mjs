/**
 * The storm: real processes of the built program, killed, stopped, filled and flooded at random times and at every step,
 * and a judge that knows nothing of its inside.
 * `npm run storm -- --help` tells the options.
 */
import { parseArgs } from 'node:util'
import { DEFECTS } from './defects.mjs'
import { HELP, OPTIONS } from './options.mjs'
import { buildForStorm } from './program.mjs'
import { isQueueRound, playQueue } from './queue-round.mjs'
import { failure, roundLine, Tally } from './report.mjs'
import { playRound } from './round.mjs'

const { values } = parseArgs({ options: OPTIONS })
if (values.help) {
  console.log(HELP)
  process.exit(0)
}

/** @returns whether all rounds were clean; ends with the first that was not. */
async function rage(defect) {
  const program = values.program ?? (await buildForStorm(defect))
  const tally = new Tally()
  const began = performance.now()
  const seconds = () => Math.round((performance.now() - began) / 1000)
  const most = values.rounds ? Number(values.rounds) : Number.POSITIVE_INFINITY
  for (let n = 0; n < most && (values.rounds || seconds() < Number(values.minutes) * 60); n++) {
    const start = performance.now()
    const seed = Number(values.seed) + n
    const report = await (isQueueRound(seed) ? playQueue : playRound)({
      seed,
      program,
      seconds: Number(values.seconds),
      runs: Number(values.runs),
      keep: values.keep,
    })
    report.seconds = Math.round((performance.now() - start) / 100) / 10
    tally.add(report)
    console.log(roundLine(report))
    if (report.violations.length > 0) {
      console.log(failure(report, defect))
      if (defect) break
    }
  }
  if (!defect) console.log(tally.text(values.seed, seconds()))
  return { clean: tally.failed.length === 0, seconds: seconds(), violation: tally.failed[0]?.violations[0] }
}

if (!values.defect) process.exit((await rage()).clean ? 0 : 1)

const wanted = DEFECTS.filter(({ name }) => values.defect === 'all' || name === values.defect)
if (wanted.length === 0) {
  console.error(`There is no defect ${values.defect}: ${DEFECTS.map(({ name }) => name).join(', ')}, or all.`)
  process.exit(2)
}
const found = []
for (const { name, why } of wanted) {
  console.log(`\nPlanted: ${name} (${why})`)
  found.push({ name, ...(await rage(name)) })
}
for (const { name, clean, seconds, violation } of found)
  console.log(
    clean ? `NOT FOUND  ${name} in ${seconds} s` : `found      ${name} in ${seconds} s: ${violation}`,
  )
// As any failing storm does, one that finds what was planted fails.
process.exit(found.some(({ clean }) => !clean) ? 1 : 0)
