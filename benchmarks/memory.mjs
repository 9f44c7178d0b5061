// The memory of two servers, where the system tells it.
import { readFileSync } from 'node:fs'
import { printFigure, printSkipped } from './figure.mjs'

/** Resident memory of a process, and its share of what it has in common with others, MiB; Linux only. */
export function memoryOf(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
    const of = (field) => Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(text)?.[1]) / 1024
    return { rss: of('Rss'), pss: of('Pss') }
  } catch {
    return undefined
  }
}

/** Prints both kinds; `ours` and `bare` are clients of servers that run. */
export function printMemory(name, ours, bare, goal) {
  const [value, floor] = [ours, bare].map(({ child }) => memoryOf(child.pid))
  if (!value || !floor) return printSkipped(name, 'this system does not tell it')
  for (const kind of ['rss', 'pss'])
    printFigure({
      name: `${name}, ${kind.toUpperCase()}`,
      unit: 'MiB',
      value: value[kind],
      floor: floor[kind],
      goal,
      n: 1,
    })
}
