import { createHash } from 'node:crypto'
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import type { Index } from '../store/index-db.ts'
import { sql } from '../store/schema.ts'
import { EventRows, writeAskedParams } from './event-rows.ts'
import { parseEvent } from './events.ts'
import { list } from './facts.ts'
import type { RunRecord } from './record.ts'

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
    index.run(sql.deleteFrom('params').where('run', '=', run))
    const row = index.first(sql.selectFrom('runs').select('record').where('run', '=', run))
    if (row) writeAskedParams(index, run, (JSON.parse(row.record) as RunRecord).params ?? {})
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
    if (from && (size < from.offset || windowHash(fd, offset) !== from.hash)) return 'rewritten'
    if (from && size === from.size) return 'unchanged'
    if (size === 0) return 'unchanged'
    const batch = new EventRows(run, file)
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
    // What another writer had said in between is needed again: only a whole reading gives the same answer as ever.
    if (from && batch.turnsBack(index)) return 'rewritten'
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
