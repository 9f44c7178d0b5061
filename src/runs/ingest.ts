import { createHash } from 'node:crypto'
import { closeSync, constants, fstatSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { openRegular } from '../adapters/files.ts'
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
/** Another process took up the same lines meanwhile: what it left is looked at again, so often at most. */
const ATTEMPTS = 5

/** What a look takes up of each file where the run's supervisor takes up the rest: some thousand points. */
export const PORTION = 512 * 1024

interface Progress {
  offset: number
  size: number
  hash: string
  lines: number
  malformed: number
  stale: number
}

/**
 * Takes up what was appended to a run's events files since the last time, in one transaction with how far it came.
 * Where a file no longer matches what was taken up (rewritten or shortened), the whole run is taken up anew. What was taken
 * up of a file that has vanished is kept, and marked.
 * @param most bytes of each file in this look
 * @returns whether anything changed.
 */
export function ingestRun(index: Index, run: string, folder: string, most = Infinity): boolean {
  const events = join(folder, 'events')
  const files = list(events).filter((name) => name.endsWith('.jsonl'))
  const known = new Map(
    index
      .all(
        sql
          .selectFrom('sources')
          .select(['file', 'offset', 'size', 'hash', 'lines', 'malformed', 'stale'])
          .where('run', '=', run),
      )
      .map((row) => [row.file, row as Progress & { file: string }]),
  )
  for (const { file, stale } of known.values())
    if (Boolean(stale) === files.includes(file)) markStale(index, run, file, !stale)
  let changed = false
  for (const file of files) {
    const outcome = ingestNew(index, run, join(events, file), file, known.get(file), most)
    if (outcome === 'rewritten') {
      forgetEvents(index, run)
      for (const again of files) ingestNew(index, run, join(events, again), again, undefined, Infinity)
      return true
    }
    changed ||= outcome === 'changed'
  }
  return changed
}

function markStale(index: Index, run: string, file: string, stale: boolean): void {
  index.driver.run('UPDATE sources SET stale = ? WHERE run = ? AND file = ?', [stale ? 1 : 0, run, file])
}

function ingestNew(
  index: Index,
  run: string,
  path: string,
  file: string,
  from: Progress | undefined,
  most: number,
): Exclude<Outcome, 'overtaken'> {
  let known = from
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const outcome = ingestFile(index, run, path, file, known, most)
    if (outcome !== 'overtaken') return outcome
    known = progressOf(index, run, file)
  }
  return 'changed'
}

type Outcome = 'changed' | 'unchanged' | 'rewritten' | 'overtaken'

function progressOf(index: Index, run: string, file: string): Progress | undefined {
  return index.driver.get(
    'SELECT offset, size, hash, lines, malformed, stale FROM sources WHERE run = ? AND file = ?',
    [run, file],
  ) as unknown as Progress | undefined
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
  most: number,
): Outcome {
  const fd = openRegular(path, constants.O_NOFOLLOW)
  if (fd === undefined) return 'unchanged'
  try {
    const { size } = fstatSync(fd)
    const offset = from?.offset ?? 0
    if (from && (size < from.offset || windowHash(fd, offset) !== from.hash)) return 'rewritten'
    // A torn last line may have become another of the same length.
    if (from && size === from.size && from.offset === size) return 'unchanged'
    if (size === 0) return 'unchanged'
    const batch = new EventRows(run, file)
    const progress = { offset, lines: from?.lines ?? 0, malformed: from?.malformed ?? 0 }
    const until = Math.min(size, offset + most)
    readLines(fd, offset, until, (line, end) => {
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
    return index.transaction(() => {
      // Two that read the same lines at once would both append their points.
      const standing = progressOf(index, run, file)
      if (standing?.offset !== from?.offset || standing?.hash !== from?.hash) return 'overtaken'
      batch.write(index)
      index.driver.run(
        'INSERT OR REPLACE INTO sources (run, file, offset, size, hash, lines, malformed, stale) VALUES (?, ?, ?, ?, ?, ?, ?, 0)',
        // Where something was left, the size tells the next look that there is more.
        [
          run,
          file,
          progress.offset,
          until < size ? progress.offset : size,
          hash,
          progress.lines,
          progress.malformed,
        ],
      )
      return 'changed'
    })
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
