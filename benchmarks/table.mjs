#!/usr/bin/env node
// Makes the tables of README.md from the lines that `npm run bench` printed: `node benchmarks/table.mjs < figures.jsonl`.
import { readFileSync } from 'node:fs'

const lines = readFileSync(0, 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('{'))
  .map((line) => JSON.parse(line))

const [machine] = lines
console.log(
  `Machine ${machine.machine}: ${machine.cpus} cores (${machine.cpu}), ${machine.memory_gib} GiB, ${machine.system}, Node ${machine.node}, Python ${machine.python}; load ${machine.load.toFixed(1)} at the start.\n`,
)
const figures = lines.filter((line) => line.value !== undefined)
const own = figures.filter(({ goal }) => goal)
console.log('| what | unit | floor | ours | ratio | goal | holds |\n|---|---|---|---|---|---|---|')
for (const { name, unit, floor, value, ratio, goal, holds } of own)
  console.log(
    `| ${name} | ${unit} | ${floor ?? ''} | ${value} | ${ratio ?? ''} | ${goal} | ${holds ? 'yes' : '**no**'} |`,
  )

const beside = new Map()
for (const { name, unit, floor, value } of figures.filter(({ goal }) => !goal)) {
  const [what, who] = name.split(': ')
  if (!who) continue
  const row = beside.get(what) ?? { unit, floor, values: {} }
  row.values[who] = value
  beside.set(what, row)
}
if (beside.size > 0) {
  const names = Object.keys([...beside.values()][0].values)
  console.log(
    `\n| what | unit | floor | ${names.join(' | ')} |\n|---|---|---|${names.map(() => '---').join('|')}|`,
  )
  for (const [what, { unit, floor, values }] of beside)
    console.log(
      `| ${what} | ${unit} | ${floor ?? ''} | ${names.map((name) => values[name] ?? '').join(' | ')} |`,
    )
}
