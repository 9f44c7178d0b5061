#!/usr/bin/env node
// Makes the tables of README.md from the lines that `npm run bench` printed: `node benchmarks/table.mjs < figures.jsonl`.
// Several runs may be given one after another; of figures with one name the last one counts.
import { readFileSync } from 'node:fs'

const lines = readFileSync(0, 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('{'))
  .map((line) => JSON.parse(line))
const figures = [
  ...new Map(lines.filter(({ value }) => value !== undefined).map((line) => [line.name, line])).values(),
]
const KILLED = /^lost by SIGKILL at (.+?): (.+)$/
const BESIDE = /^(.+?): (.+)$/

for (const { machine, cpus, cpu, memory_gib, system, node, python, load } of lines.filter(({ cpus }) => cpus))
  console.log(
    `Machine ${machine}: ${cpus} cores (${cpu}), ${memory_gib} GiB, ${system}, Node ${node}, Python ${python}; load ${load.toFixed(1)} at the start.\n`,
  )

table(
  ['what', 'unit', 'floor', 'ours', 'p50', 'ratio', 'goal', 'holds'],
  figures
    .filter(({ goal, name }) => goal && !KILLED.test(name))
    .map(({ name, unit, floor, value, p50, ratio, goal, holds }) => [
      name,
      unit,
      floor,
      value,
      p50,
      ratio,
      goal,
      holds ? 'yes' : '**no**',
    ]),
)

const compared = figures.flatMap((line) => {
  const [, what, who] = (!line.goal && !KILLED.test(line.name) && BESIDE.exec(line.name)) || []
  return who ? [{ ...line, what, who }] : []
})
const names = [...new Set(compared.map(({ who }) => who))]
table(
  ['what', 'unit', 'floor', ...names],
  [...new Set(compared.map(({ what }) => what))].map((what) => {
    const row = compared.filter((line) => line.what === what)
    return [
      what,
      row[0].unit,
      row[0].floor,
      ...names.map((name) => row.find(({ who }) => who === name)?.value),
    ]
  }),
)

const killed = figures.flatMap((line) => {
  const [, rate, who] = KILLED.exec(line.name) ?? []
  return who ? [{ ...line, rate, who }] : []
})
const rates = [...new Set(killed.map(({ rate }) => rate))]
table(
  ['points lost by SIGKILL after 2 s', ...rates, 'what it says of the run'],
  [...new Set(killed.map(({ who }) => who))].map((who) => {
    const own = killed.filter((line) => line.who === who)
    const states = [...new Set(own.map(({ state }) => state))].filter(Boolean)
    return [
      who,
      ...rates.map((rate) => {
        const found = own.find((line) => line.rate === rate)
        return found && `${found.value.toLocaleString('en')} of ${found.of.toLocaleString('en')}`
      }),
      states.join('; '),
    ]
  }),
)

function table(heads, rows) {
  if (rows.length === 0) return
  console.log(`| ${heads.join(' | ')} |\n|${heads.map(() => '---').join('|')}|`)
  for (const row of rows) console.log(`| ${row.map((cell) => cell ?? '').join(' | ')} |`)
  console.log()
}
