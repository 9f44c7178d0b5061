// What is printed: one JSON line a round, and tables at the end.
import { FAULTS } from './faults.mjs'
import { LACKING } from './grounds.mjs'
import { countKills } from './kill-log.mjs'
import { QUEUE } from './queue-round.mjs'

/** Sums over rounds. */
export class Tally {
  rounds = 0
  kills = new Map()
  steps = new Set()
  faults = {}
  states = {}
  refusals = {}
  runs = 0
  points = 0
  lines = 0
  failed = []

  add(report) {
    this.rounds++
    countKills(report.kills, this.kills)
    for (const { kind, step } of report.steps)
      for (const when of ['before', 'after']) this.steps.add(`${kind}\t${when} ${step}`)
    for (const sum of ['faults', 'states', 'refusals'])
      for (const [name, count] of Object.entries(report[sum]))
        this[sum][name] = (this[sum][name] ?? 0) + count
    for (const sum of ['runs', 'points', 'lines']) this[sum] += report[sum]
    if (report.violations.length > 0) this.failed.push(report)
  }

  /** What did not strike, and why. */
  #skipped() {
    const names = [...FAULTS.map(([name, , , needs]) => [name, LACKING[needs]]), [QUEUE]]
    const missing = names.filter(([name]) => !this.faults[name])
    const undrawn = missing.filter(([, why]) => !why).map(([name]) => name)
    const lines = missing.filter(([, why]) => why).map(([name, why]) => `skipped  ${name}: ${why}`)
    if (undrawn.length > 0) lines.push(`not drawn in so few rounds: ${undrawn.join(', ')}`)
    return lines.length > 0 ? ['', ...lines] : []
  }

  text(seed, seconds) {
    const kills = [...this.kills].sort(([a], [b]) => a.localeCompare(b))
    const total = kills.reduce((sum, [, count]) => sum + count, 0)
    const missed = [...this.steps].filter((step) => !this.kills.has(step)).sort()
    const rows = (record) =>
      Object.entries(record)
        .sort(([a], [b]) => a.localeCompare(b))
        .map(([name, count]) => `${String(count).padStart(7)}  ${name}`)
    return [
      '',
      `Kills by kind and step (${total}):`,
      ...kills.map(([key, count]) => `${String(count).padStart(7)}  ${key.replace('\t', '  ')}`),
      '',
      `Steps that were seen: ${this.steps.size}; nobody was killed at ${missed.length} of them.`,
      '',
      'Faults:',
      ...rows(this.faults),
      ...this.#skipped(),
      '',
      'Runs by state:',
      ...rows(this.states),
      '',
      'Refusals, each of which was asked again:',
      ...rows(this.refusals),
      '',
      `${this.rounds} rounds in ${seconds} s, seed ${seed}: ${this.runs} runs, ${this.points} acknowledged points and ${this.lines} acknowledged lines checked, ${total} kills.`,
      this.failed.length === 0 ? 'Clean.' : `${this.failed.length} of ${this.rounds} rounds failed.`,
    ].join('\n')
  }
}

export function roundLine({ seed, violations, kills, faults, states, runs, points, lines, seconds }) {
  const count = (record) => Object.values(record).reduce((sum, one) => sum + one, 0)
  return JSON.stringify({
    seed,
    ok: violations.length === 0,
    seconds,
    runs,
    states,
    points,
    lines,
    kills: kills.length,
    faults: count(faults),
  })
}

export function failure({ seed, violations, folder }, defect) {
  return [
    `Round ${seed} failed; its folder is kept: ${folder}`,
    ...violations.map((text) => `  - ${text}`),
    `Again: npm run storm -- --seed ${seed} --rounds 1${defect ? ` --defect ${defect}` : ''}`,
  ].join('\n')
}
