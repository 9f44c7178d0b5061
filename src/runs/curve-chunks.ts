import type { Index } from '../store/index-db.ts'
import { sql } from '../store/schema.ts'

/** The points of one metric, in the order in which they were logged. A step that was not given is NaN. */
export interface Points {
  steps: number[]
  values: number[]
  times: number[]
}

const FULL = 4096
const BYTES = 24

/** Appends points to a curve's packed rows: the last row is filled up before a new one is made. */
export function appendPoints(index: Index, run: string, name: string, writer: string, points: Points): void {
  const last = index.driver.get(
    'SELECT chunk, n, data FROM curves WHERE run = ? AND name = ? AND writer = ? ORDER BY chunk DESC LIMIT 1',
    [run, name, writer],
  ) as { chunk: number; n: number; data: Uint8Array } | undefined
  let chunk = last ? last.chunk : 0
  let taken = 0
  if (last) {
    if (last.n < FULL) {
      taken = Math.min(points.values.length, FULL - last.n)
      const data = Buffer.concat([last.data, pack(points, 0, taken)])
      index.driver.run(
        'UPDATE curves SET n = ?, data = ? WHERE run = ? AND name = ? AND writer = ? AND chunk = ?',
        [last.n + taken, data, run, name, writer, chunk],
      )
    }
    chunk++
  }
  for (; taken < points.values.length; taken += FULL, chunk++) {
    const n = Math.min(FULL, points.values.length - taken)
    index.driver.run('INSERT INTO curves (run, name, writer, chunk, n, data) VALUES (?, ?, ?, ?, ?, ?)', [
      run,
      name,
      writer,
      chunk,
      n,
      pack(points, taken, taken + n),
    ])
  }
}

function pack(points: Points, from: number, to: number): Buffer {
  const data = Buffer.alloc((to - from) * BYTES)
  for (let i = from, at = 0; i < to; i++, at += BYTES) {
    data.writeDoubleLE(points.steps[i]!, at)
    data.writeDoubleLE(points.values[i]!, at + 8)
    data.writeDoubleLE(points.times[i]!, at + 16)
  }
  return data
}

/** All points of a metric, writer after writer. */
export function readPoints(index: Index, run: string, name: string): Points {
  const rows = index.all(
    sql
      .selectFrom('curves')
      .select('data')
      .where('run', '=', run)
      .where('name', '=', name)
      .orderBy('writer')
      .orderBy('chunk'),
  )
  const points: Points = { steps: [], values: [], times: [] }
  for (const { data } of rows) {
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength)
    for (let at = 0; at + BYTES <= bytes.length; at += BYTES) {
      points.steps.push(bytes.readDoubleLE(at))
      points.values.push(bytes.readDoubleLE(at + 8))
      points.times.push(bytes.readDoubleLE(at + 16))
    }
  }
  return points
}

export interface SampledCurve {
  name: string
  points: number
  /** `[step, value]`; the step is the point's place where none was logged. */
  sample: [number, number | string][]
}

/**
 * At most `limit` points of a curve, so that peaks stay visible: of each bucket of neighbouring points the lowest and the
 * highest, in order, and always the first and the last point.
 */
export function sampleCurve(name: string, points: Points, limit = 60): SampledCurve {
  const n = points.values.length
  const kept = new Set<number>()
  if (n <= limit) {
    for (let i = 0; i < n; i++) kept.add(i)
  } else {
    const buckets = Math.max(1, Math.floor((limit - 2) / 2))
    kept.add(0).add(n - 1)
    for (let b = 0; b < buckets; b++) {
      const from = Math.floor((b * n) / buckets)
      const to = Math.floor(((b + 1) * n) / buckets)
      let low = from
      let high = from
      for (let i = from; i < to; i++) {
        if (points.values[i]! < points.values[low]!) low = i
        if (points.values[i]! > points.values[high]!) high = i
      }
      kept.add(low).add(high)
    }
  }
  const sample = [...kept]
    .sort((a, b) => a - b)
    .map((i): [number, number | string] => {
      const step = points.steps[i]!
      const value = points.values[i]!
      return [Number.isNaN(step) ? i : step, Number.isFinite(value) ? value : String(value)]
    })
  return { name, points: n, sample }
}
