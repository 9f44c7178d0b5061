// One figure: how it is measured, judged against its goal, and printed as a line of JSON.
import { createHash } from 'node:crypto'
import { arch, cpus, loadavg, platform, release, totalmem } from 'node:os'

const described = {
  cpus: cpus().length,
  cpu: cpus()[0]?.model ?? 'unknown',
  memory_gib: Math.round(totalmem() / 1024 ** 3),
  system: `${platform()} ${release()} ${arch()}`,
  node: process.versions.node,
}

/** A short name of the machine: it stands in every line, and the first line says what it means. */
const machine = createHash('sha256').update(JSON.stringify(described)).digest('hex').slice(0, 8)

export function printMachine(more) {
  print({ machine, ...described, load: loadavg()[0], at: new Date().toISOString(), ...more })
}

export function printSkipped(name, reason) {
  print({ name, skipped: reason, machine })
}

/**
 * Prints a figure.
 * @param {{name: string, unit: string, value: number, floor?: number, n: number,
 *   goal?: {atMost?: number, atLeast?: number, ratio?: number, over?: number}}} figure
 *   goal: a bound of the value, of its ratio to the floor, or of what it lies over the floor
 */
export function printFigure({ name, unit, value, floor, n, goal, ...more }) {
  print({
    name,
    unit,
    value: round(value),
    ...(floor === undefined ? {} : { floor: round(floor), ratio: round(value / floor) }),
    ...(goal ? { goal: said(goal, unit), holds: holds(goal, value, floor) } : {}),
    n,
    ...more,
    machine,
  })
}

function said(goal, unit) {
  if (goal.atLeast !== undefined) return `>= ${goal.atLeast} ${unit}`
  if (goal.ratio !== undefined) return `<= ${goal.ratio}x the floor`
  if (goal.over !== undefined) return `<= ${goal.over} ${unit} over the floor`
  return `<= ${goal.atMost} ${unit}`
}

function holds(goal, value, floor) {
  if (goal.atLeast !== undefined) return value >= goal.atLeast
  if (goal.ratio !== undefined) return value <= goal.ratio * floor
  if (goal.over !== undefined) return value - floor <= goal.over
  return value <= goal.atMost
}

function print(line) {
  console.log(JSON.stringify(line))
}

/** Four significant digits; what was counted is told whole. */
function round(value) {
  return Number.isInteger(value) ? value : Number(value.toPrecision(4))
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

export function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]
}

/**
 * Measures several things in turn, so that what disturbs the machine disturbs all of them.
 * @param {Record<string, (round: number) => Promise<number> | number>} works each gives one measurement
 * @returns {Promise<Record<string, number[]>>} the measurements, without those of the rounds that warm up
 */
export async function interleave(works, rounds, warmUp = 1) {
  const found = Object.fromEntries(Object.keys(works).map((name) => [name, []]))
  for (let i = -warmUp; i < rounds; i++) {
    for (const [name, work] of Object.entries(works)) {
      const value = await work(i + warmUp)
      if (i >= 0) found[name].push(value)
    }
  }
  return found
}

/** Milliseconds that some work takes. */
export async function timed(work) {
  const began = performance.now()
  await work()
  return performance.now() - began
}
