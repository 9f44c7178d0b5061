import { createHash } from 'node:crypto'
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import type { Index } from '../store/index-db.ts'
import { sql } from '../store/schema.ts'
import { appendPoints, type Points } from './curve-chunks.ts'
import { parseEvent, type RunEvent } from './events.ts'
import { list } from './facts.ts'

const BLOCK = 4 * 1024 * 1024
/** A longer line is malformed: no metric, note or parameter needs it. */
const LONGEST_LINE = 16 * 1024 * 1024
const WINDOW = 4096

interface Progress {
  offset: number
  size: number
  hash: string
  lines: number
  malformed: number
}

/**
 * Takes up what was appended to a run's events files since the last time, in one transaction with how far it came.
 * Where a file no longer matches what was taken up (rewritten or shortened), the whole run is taken up anew.
 * @returns whether anything changed.
 */
export function ingestRun(index: Index, run: string, folder: string): boolean {
  const events = join(folder, 'events')
  const files = list(events).filter((name) => name.endsWith('.jsonl'))
  if (files.length === 0) return false
  const known = new Map(
    index
      .all(
        sql
          .selectFrom('sources')
          .select(['file', 'offset', 'size', 'hash', 'lines', 'malformed'])
          .where('run', '=', run),
      )
      .map((row) => [row.file, row as Progress & { file: string }]),
  )
  let changed = false
  for (const file of files) {
    const outcome = ingestFile(index, run, join(events, file), file, known.get(file))
    if (outcome === 'rewritten') {
      forgetEvents(index, run)
      for (const again of files) ingestFile(index, run, join(events, again), again, undefined)
      return true
    }
    changed ||= outcome === 'changed'
  }
  return changed
}

export function forgetEvents(index: Index, run: string): void {
  index.transaction(() => {
    for (const table of ['curves', 'notes', 'tags', 'sources'] as const)
      index.run(sql.deleteFrom(table).where('run', '=', run))
    index.run(sql.deleteFrom('metrics').where('run', '=', run).where('source', '=', 'reported'))
    index.run(sql.deleteFrom('artifacts').where('run', '=', run))
    index.run(sql.updateTable('runs').set({ status: null }).where('run', '=', run))
  })
}

function ingestFile(
  index: Index,
  run: string,
  path: string,
  file: string,
  from: Progress | undefined,
): 'changed' | 'unchanged' | 'rewritten' {
  let fd: number
  try {
    fd = openSync(path, 'r')
  } catch {
    return 'unchanged'
  }
  try {
    const { size } = fstatSync(fd)
    const offset = from?.offset ?? 0
    if (from && size === from.size) return 'unchanged'
    if (from && (size < from.offset || windowHash(fd, offset) !== from.hash)) return 'rewritten'
    if (size === 0) return 'unchanged'
    const batch = new Batch(run, file)
    const progress = { offset, lines: from?.lines ?? 0, malformed: from?.malformed ?? 0 }
    readLines(fd, offset, size, (line, end) => {
      progress.offset = end
      if (line === '') return
      progress.lines++
      const event = line === undefined ? undefined : parseEvent(line)
      if (event === undefined) progress.malformed++
      else if (event) batch.add(event, progress.lines)
    })
    if (progress.offset === offset && from) return 'unchanged'
    const hash = windowHash(fd, progress.offset)
    index.transaction(() => {
      batch.write(index)
      index.driver.run(
        'INSERT OR REPLACE INTO sources (run, file, offset, size, hash, lines, malformed, stale) VALUES (?, ?, ?, ?, ?, ?, ?, 0)',
        [run, file, progress.offset, size, hash, progress.lines, progress.malformed],
      )
    })
    return 'changed'
  } finally {
    closeSync(fd)
  }
}

/** Calls back for each whole line, without its newline; `undefined` for one that is too long to be an event. */
function readLines(
  fd: number,
  from: number,
  size: number,
  each: (line: string | undefined, end: number) => void,
): void {
  const block = Buffer.allocUnsafe(Math.min(BLOCK, Math.max(1, size - from)))
  let carried: Buffer[] = []
  let carriedBytes = 0
  for (let position = from; position < size; ) {
    const read = readSync(fd, block, 0, Math.min(block.length, size - position), position)
    if (read === 0) return
    let start = 0
    for (
      let newline = block.indexOf(10, start);
      newline !== -1 && newline < read;
      newline = block.indexOf(10, start)
    ) {
      const bytes = carriedBytes + newline - start
      const line =
        bytes > LONGEST_LINE
          ? undefined
          : carriedBytes === 0
            ? block.toString('utf8', start, newline)
            : Buffer.concat([...carried, block.subarray(start, newline)]).toString('utf8')
      carried = []
      carriedBytes = 0
      start = newline + 1
      each(line, position + start)
    }
    if (start < read) {
      carriedBytes += read - start
      if (carriedBytes <= LONGEST_LINE) carried.push(Buffer.from(block.subarray(start, read)))
    }
    position += read
  }
}

function windowHash(fd: number, offset: number): string {
  const length = Math.min(WINDOW, offset)
  const bytes = Buffer.alloc(length)
  readSync(fd, bytes, 0, length, offset - length)
  return createHash('sha256').update(bytes).digest('hex').slice(0, 16)
}

interface Last {
  value: number | null
  special: string | null
  step: number | null
  t: number
}

/** The rows of one file's new lines, gathered so that each table is written once for each name. */
class Batch {
  readonly #run: string
  readonly #writer: string
  readonly #curves = new Map<string, Points>()
  readonly #last = new Map<string, Last>()
  readonly #others: { event: RunEvent; line: number }[] = []

  constructor(run: string, writer: string) {
    this.#run = run
    this.#writer = writer
  }

  add(event: RunEvent, line: number): void {
    if (event.k !== 'metric') {
      this.#others.push({ event, line })
      return
    }
    const value = typeof event.v === 'number' ? event.v : Number(event.v)
    let points = this.#curves.get(event.n)
    if (!points) {
      points = { steps: [], values: [], times: [] }
      this.#curves.set(event.n, points)
    }
    points.steps.push(event.s ?? Number.NaN)
    points.values.push(value)
    points.times.push(event.t)
    const last = this.#last.get(event.n)
    if (!last || (event.s ?? Number.NEGATIVE_INFINITY) >= (last.step ?? Number.NEGATIVE_INFINITY)) {
      const finite = Number.isFinite(value)
      this.#last.set(event.n, {
        value: finite ? value : null,
        special: finite ? null : String(value),
        step: event.s ?? null,
        t: event.t,
      })
    }
  }

  write(index: Index): void {
    for (const [name, points] of this.#curves) appendPoints(index, this.#run, name, this.#writer, points)
    for (const [name, last] of this.#last) {
      // The highest step wins; without steps the writer's last line, then the highest t, then the writer's name.
      index.driver.run(
        `INSERT INTO metrics (run, name, split, source, grade, value, special, low, high, step, t, writer)
         VALUES (?, ?, '', 'reported', NULL, ?, ?, NULL, NULL, ?, ?, ?)
         ON CONFLICT (run, name, split, source) DO UPDATE SET
           value = excluded.value, special = excluded.special, step = excluded.step, t = excluded.t, writer = excluded.writer
         WHERE coalesce(excluded.step, -9e999) > coalesce(step, -9e999)
            OR (coalesce(excluded.step, -9e999) = coalesce(step, -9e999)
                AND (excluded.writer = writer OR excluded.t > t OR (excluded.t = t AND excluded.writer > writer)))`,
        [this.#run, name, last.value, last.special, last.step, last.t, this.#writer],
      )
    }
    for (const { event, line } of this.#others) this.#writeOther(index, event, line)
  }

  #writeOther(index: Index, event: RunEvent, line: number): void {
    const run = this.#run
    switch (event.k) {
      case 'param':
        writeParam(index, run, event.n, event.v)
        break
      case 'tag':
        index.driver.run(
          `INSERT INTO tags (run, name, value, t) VALUES (?, ?, ?, ?)
           ON CONFLICT (run, name) DO UPDATE SET value = excluded.value, t = excluded.t WHERE excluded.t >= t`,
          [run, event.n, event.v, event.t],
        )
        break
      case 'note':
        index.driver.run('INSERT OR REPLACE INTO notes (run, writer, line, t, text) VALUES (?, ?, ?, ?, ?)', [
          run,
          this.#writer,
          line,
          event.t,
          event.v,
        ])
        break
      case 'artifact':
        index.driver.run(
          'INSERT OR REPLACE INTO artifacts (run, path, kind, bytes, sha256) VALUES (?, ?, ?, ?, ?)',
          [run, event.n, event.kind ?? 'file', Number(event.bytes ?? 0), event.sha256 ?? null],
        )
        break
      case 'model':
        index.driver.run(
          `INSERT INTO artifacts (run, path, kind, bytes, sha256) VALUES (?, ?, 'model', 0, NULL)
           ON CONFLICT (run, path) DO UPDATE SET kind = 'model'`,
          [run, event.n],
        )
        break
      case 'status':
        // Several processes may speak for one run: the latest word stands, whichever file is read first.
        index.driver.run(
          `UPDATE runs SET status = ? WHERE run = ? AND (status IS NULL OR coalesce(json_extract(status, '$.t'), 0) <= ?)`,
          [JSON.stringify({ value: event.v, reason: event.reason, t: event.t }), run, event.t],
        )
        break
      case 'predictions':
        break
    }
  }
}

/** Parameters are kept as text, as a person would type them, and as a number where they are one. */
export function writeParam(index: Index, run: string, name: string, value: unknown): void {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  index.driver.run('INSERT OR REPLACE INTO params (run, name, text, number) VALUES (?, ?, ?, ?)', [
    run,
    name,
    text ?? 'null',
    typeof value === 'number' && Number.isFinite(value) ? value : null,
  ])
}
