import type { Index } from '../store/index-db.ts'
import type { Layout } from '../store/layout.ts'
import type { MemoryEntry } from './entry.ts'
import { insightNames, readInsight } from './insight-files.ts'
import { addEntries } from './rows.ts'
import { takeUpRuns } from './take-up-runs.ts'

/** A file changed this recently may change again within the same tick of its clock. */
const SETTLED_MS = 100

/** What an increment is about, by its spec.md. */
export interface AboutIncrement {
  title: string
  /** The data's name, without its version. */
  dataset?: string
  problemType?: string
}

/** An increment's documents: read again where their stamp is another. */
export interface IncrementSource {
  increment: string
  stamp: string
  read(): { about?: AboutIncrement; entries: MemoryEntry[] }
}

/** The stamp of files by their times and sizes; never the same where one of them may still change unseen. */
export function stampOf(files: readonly ({ changedMs: number; bytes: number } | undefined)[]): string {
  const newest = Math.max(0, ...files.map((file) => file?.changedMs ?? 0))
  if (Date.now() - newest < SETTLED_MS) return 'unsettled'
  return files.map((file) => (file ? `${file.changedMs}:${file.bytes}` : '-')).join(' ')
}

/**
 * Brings the memory up to the files of insights, to the documents of increments, and to what the index holds of runs.
 * @param withinMs for the runs: where a large record takes longer, the rest is left to the next call.
 * @returns how many runs are left.
 */
export function takeUpMemory(
  layout: Layout,
  index: Index,
  increments: readonly IncrementSource[],
  withinMs: number,
): number {
  const left = takeUpRuns(index, withinMs)
  const known = new Map(
    index.driver
      .all('SELECT source, stamp FROM memory_sources')
      .map(({ source, stamp }) => [String(source), String(stamp)]),
  )
  const changed = (source: string, stamp: string) => stamp === 'unsettled' || known.get(source) !== stamp
  const present = new Set<string>()
  for (const file of insightNames(layout)) {
    const source = `insight ${file.name}`
    const stamp = stampOf([file])
    present.add(source)
    if (!changed(source, stamp)) continue
    const insight = readInsight(layout, file.name)
    const entry = insight && { ...insight, from: insight.insight }
    index.transaction(() => replaceSource(index, source, stamp, entry ? [entry] : []))
  }
  for (const { increment, stamp, read } of increments) {
    const source = `increment ${increment}`
    present.add(source)
    if (!changed(source, stamp)) continue
    const { about, entries } = read()
    index.transaction(() => {
      replaceSource(index, source, stamp, entries)
      index.driver.run('DELETE FROM memory_increments WHERE increment = ?', [increment])
      if (about)
        index.driver.run(
          'INSERT INTO memory_increments (increment, title, dataset, problem_type) VALUES (?, ?, ?, ?)',
          [increment, about.title, about.dataset ?? null, about.problemType ?? null],
        )
    })
  }
  const gone = [...known.keys()].filter((source) => !present.has(source))
  if (gone.length > 0)
    index.transaction(() => {
      for (const source of gone) {
        replaceSource(index, source, undefined, [])
        index.driver.run('DELETE FROM memory_increments WHERE increment = ?', [
          source.replace('increment ', ''),
        ])
      }
    })
  return left
}

function replaceSource(
  index: Index,
  source: string,
  stamp: string | undefined,
  entries: readonly MemoryEntry[],
): void {
  index.driver.run('DELETE FROM memory WHERE source = ?', [source])
  addEntries(index, source, entries)
  if (stamp === undefined) index.driver.run('DELETE FROM memory_sources WHERE source = ?', [source])
  else
    index.driver.run('INSERT OR REPLACE INTO memory_sources (source, stamp) VALUES (?, ?)', [source, stamp])
}
