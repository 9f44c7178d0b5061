// The mix of runs of a round, and what each is to end as.
const CODES = [0, 0, 0, 0, 1, 3, 7, 42, 255]

const KINDS = [
  ['plain', 4],
  ['sdk', 5],
  ['csv', 3],
  ['fork', 1.5],
  ['daemon', 1],
  ['closed', 1.5],
  ['crash', 1.5],
  ['long', 2],
  ['stopped', 2],
  ['stubborn', 0.4],
  ['flood', 0.7],
  ['seeds', 1],
  ['alone', 2],
]

/**
 * @param {boolean} scored whether a data set is there, so that runs are scored by the lab
 * @returns {{key: string, kind: string, settings: object, args: object | undefined, stop: boolean}[]}
 */
export function requestsOf(random, count, scored) {
  const kinds = scored ? [...KINDS, ['scored', 8]] : KINDS
  return Array.from({ length: count }, (_, n) => requestOf(random, `k${n}`, random.weighted(kinds)))
}

function requestOf(random, key, drawn) {
  const kind = drawn === 'stopped' ? random.pick(['long', 'sdk', 'fork', 'daemon', 'plain']) : drawn
  const code = random.pick(CODES)
  const settings = {
    points: kind === 'fork' ? random.whole(5, 40) : random.whole(5, 250),
    lines: random.whole(1, 60),
    delay: random.pick([0, 0.001, 0.005, 0.02]),
    code,
    abrupt: random.chance(0.2),
  }
  const stop = drawn === 'stopped' || kind === 'stubborn'
  if (stop) settings.delay = 0.03
  if (kind === 'long') settings.delay = 0.01
  if (kind === 'alone') return { key, kind, settings, args: undefined, stop: false }
  const args = {
    increment: '0001',
    // Few names, so that attempts of one name meet.
    name: random.pick([kind, 'trial', `try-${random.whole(1, 4)}`]),
    command: ['python', 'storm_script.py', key, kind, JSON.stringify(settings)],
    ...(kind === 'csv' ? { metrics_from: [{ path: '{run_dir}/history.csv' }] } : {}),
    ...(kind === 'scored' ? { dataset: 'storm@1' } : {}),
    ...(kind === 'seeds' ? { seeds: [1, 2, 3].slice(0, random.whole(1, 3)) } : {}),
    ...(kind === 'long' && !stop ? { timeout_s: random.between(0.5, 2) } : {}),
  }
  return { key, kind, settings, args, stop }
}
