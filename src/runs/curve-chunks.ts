import type { Index } from '../store/index-db.ts'

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

export interface SampledCurve {
  name: string
  points: number
  /** `[step, value]`; the step is the point's place where none was logged. */
  sample: [number, number | string][]
}

/**
 * At most `limit` points of a curve, so that peaks stay visible: of each bucket of neighbouring points the lowest and the
 * highest, in order, and always the first and the last point. However long the curve is, one row is held in memory.
 */
export function sampleIndexed(index: Index, run: string, name: string, limit = 60): SampledCurve {
  const chunks = index.driver.all(
    'SELECT writer, chunk, n FROM curves WHERE run = ? AND name = ? ORDER BY writer, chunk',
    [run, name],
  )
  const total = chunks.reduce((sum, { n }) => sum + Number(n), 0)
  const sampler = new CurveSampler(total, limit)
  for (const { writer, chunk, n } of chunks) {
    const row = index.driver.get(
      'SELECT data FROM curves WHERE run = ? AND name = ? AND writer = ? AND chunk = ?',
      [run, name, writer!, chunk!],
    )
    const numbers = doubles(row?.data as Uint8Array)
    // Another process may have filled the row up since the list was made.
    for (let i = 0; i < Number(n); i++) sampler.add(numbers[3 * i]!, numbers[3 * i + 1]!)
  }
  return { name, points: total, sample: sampler.sample() }
}

function doubles(data: Uint8Array): Float64Array {
  const aligned = data.byteOffset % 8 === 0 ? data : data.slice()
  return new Float64Array(aligned.buffer, aligned.byteOffset, Math.floor(aligned.byteLength / 8))
}

/** Takes the points of a curve of known length one by one. */
class CurveSampler {
  readonly #n: number
  readonly #buckets: number
  readonly #kept = new Map<number, [step: number, value: number]>()
  #i = 0
  #bucket = 0
  #until: number
  #low = { i: -1, step: 0, value: 0 }
  #high = { i: -1, step: 0, value: 0 }

  constructor(n: number, limit: number) {
    this.#n = n
    this.#buckets = n <= limit ? n : Math.max(1, Math.floor((limit - 2) / 2))
    this.#until = this.#end(0)
  }

  #end(bucket: number): number {
    return Math.floor(((bucket + 1) * this.#n) / this.#buckets)
  }

  add(step: number, value: number): void {
    const i = this.#i++
    if (i === this.#until) {
      this.#flush()
      this.#until = this.#end(++this.#bucket)
    }
    if (this.#low.i < 0 || value < this.#low.value) set(this.#low, i, step, value)
    if (this.#high.i < 0 || value > this.#high.value) set(this.#high, i, step, value)
    if (i === 0 || i === this.#n - 1) this.#kept.set(i, [step, value])
  }

  #flush(): void {
    for (const point of [this.#low, this.#high]) {
      if (point.i >= 0) this.#kept.set(point.i, [point.step, point.value])
      point.i = -1
    }
  }

  sample(): SampledCurve['sample'] {
    this.#flush()
    return [...this.#kept]
      .sort(([a], [b]) => a - b)
      .map(([i, [step, value]]): [number, number | string] => [
        Number.isNaN(step) ? i : step,
        Number.isFinite(value) ? value : String(value),
      ])
  }
}

function set(
  point: { i: number; step: number; value: number },
  i: number,
  step: number,
  value: number,
): void {
  point.i = i
  point.step = step
  point.value = value
}
