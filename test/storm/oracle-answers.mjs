// params.json and metrics.json are there and say what get_run says.
import { readJson } from './arena.mjs'
import { FOREIGN } from './foreign-events.mjs'
import { shown, shownMetrics } from './shown.mjs'

export function checkAnswer({ answer, record }) {
  return answer.run === undefined
    ? [`get_run gave ${JSON.stringify(answer).slice(0, 300)} for ${record.run}`]
    : []
}

export function checkDerived({ folder, answer, record }) {
  if (record.made_by !== 'lab' || record.children) return []
  const params = readJson(`${folder}/params.json`)
  const metrics = readJson(`${folder}/metrics.json`)
  if (!params || !metrics)
    return [
      `it has ended without ${[!params && 'params.json', !metrics && 'metrics.json'].filter(Boolean).join(' and ')}`,
    ]
  const violations = []
  if (!same(params, answer.params))
    violations.push(`params.json and get_run differ: ${JSON.stringify([params, answer.params])}`)
  // What another writer adds after the end is in the answer alone.
  const own = (list) => (list ?? []).filter(({ name }) => name !== FOREIGN)
  if (!same(shownMetrics(own(metrics)), own(answer.metrics)))
    violations.push(
      `metrics.json and get_run differ: ${JSON.stringify([own(metrics), own(answer.metrics)]).slice(0, 500)}`,
    )
  return violations
}

/** What the lab measured is what the script knows of its own guesses. A lab that is killed is tried once more. */
export function checkScore({ answer, lists, kills }) {
  const score = lists.find(({ main }) => main)?.score
  if (score === undefined || answer.exit_code === undefined) return []
  const measured = answer.metrics?.find(
    ({ name, split, source }) => name === 'accuracy' && split === 'validation' && source === 'measured',
  )
  if (measured && measured.value === shown(score)) return []
  const labs = kills.filter(({ kind }) => kind === 'lab').length
  if (!measured && labs > 1) return []
  return [
    `its accuracy is ${score}, measured was ${measured?.value} (${labs} labs were killed): ${answer.warnings}`,
  ]
}

function same(a, b) {
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b))
}

function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sorted(value[key])]),
  )
}
