// Runs as the SDK leaves them, written straight to disk: thousands of them, or one of a million points.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export const RUNS = 10_000
export const POINTS = 1_000_000
const PARAMS = 10
const METRICS = ['accuracy', 'f1', 'loss', 'precision', 'recall']
/** 100 points a run: 1,000,000 in all. */
const STEPS = 20

export async function newIncrement(client, root) {
  await client.call('create_increment', { title: 'Bench', problem_type: 'classification' })
  const increments = join(root, '.specweave', 'increments')
  return join(increments, readdirSync(increments)[0], 'experiments')
}

/** A folder as the SDK leaves it. */
export function writeRun(experiments, name, lines) {
  const folder = join(experiments, name)
  mkdirSync(join(folder, 'events'), { recursive: true })
  writeFileSync(
    join(folder, 'run.json'),
    JSON.stringify({
      format: 1,
      run: `0001/${name}`,
      name,
      created: '2026-11-21T08:00:00.000Z',
      made_by: 'sdk',
      command: ['python', 'train.py'],
      cwd: '.',
      params: {},
      dataset: null,
      seed: null,
      parent: null,
      previous: null,
      baseline: null,
      timeout_s: null,
      resources: { cpus: 1, gpus: 0, memory_gb: null },
      metrics_from: [],
      env: {},
      request: '',
    }),
  )
  const text = [...lines, '{"k":"status","v":"succeeded","t":1790000000.5}', ''].join('\n')
  writeFileSync(join(folder, 'events', 'bench-1-0.jsonl'), text)
  return folder
}

/** The lines of one curve of POINTS points. */
export function longCurve() {
  return Array.from(
    { length: POINTS },
    (_, i) => `{"k":"metric","n":"loss","v":${Math.random()},"s":${i},"t":${1790000000 + i / 1000}}`,
  )
}

/** Parameters and last metrics of run `i`; `group` has ten values, so that each holds for 1,000 runs. */
export function contentOf(i) {
  const params = { group: i % 10 }
  for (let p = 1; p < PARAMS; p++) params[`param_${p}`] = p % 2 ? i / p : `choice-${i % (p + 1)}`
  const metrics = Object.fromEntries(
    METRICS.map((name, m) => [name, ((i * 7919 + m * 104_729) % 1_000_003) / 1_000_003]),
  )
  return { params, metrics }
}

export function writeManyRuns(experiments) {
  for (let i = 0; i < RUNS; i++) {
    const { params, metrics } = contentOf(i)
    const lines = Object.entries(params).map(([n, v]) => JSON.stringify({ k: 'param', n, v, t: 1790000000 }))
    for (let s = 1; s <= STEPS; s++)
      for (const [n, v] of Object.entries(metrics))
        lines.push(`{"k":"metric","n":"${n}","v":${(v * s) / STEPS},"s":${s},"t":1790000000.25}`)
    writeRun(experiments, `exp-${String(i + 1).padStart(5, '0')}-run`, lines)
  }
}

/** The floor of taking events up: each line is parsed, nothing is kept. */
export function parseLines(file) {
  let sum = 0
  for (const line of readFileSync(file, 'utf8').split('\n')) if (line) sum += JSON.parse(line).t
  return sum
}
