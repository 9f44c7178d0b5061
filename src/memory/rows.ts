import { environmentSecrets, safeText } from '../core/untrusted-text.ts'
import type { Index } from '../store/index-db.ts'
import type { Row } from '../store/sqlite/driver.ts'
import { LONGEST_INSIGHT, type MemoryEntry, type MemoryKind } from './entry.ts'

/**
 * @param source what they were taken from, and are taken away with.
 * @param secrets the environment's: to be asked for once where many are added
 */
export function addEntries(
  index: Index,
  source: string,
  entries: readonly MemoryEntry[],
  secrets: readonly string[] = environmentSecrets(),
): void {
  for (const entry of entries) addEntry(index, source, entry, secrets)
}

function addEntry(index: Index, source: string, entry: MemoryEntry, secrets: readonly string[]): void {
  const shown = (text: string) =>
    safeText(text.slice(0, 2 * LONGEST_INSIGHT), secrets).slice(0, LONGEST_INSIGHT)
  const text = shown(entry.text).trim()
  if (text === '') return
  index.driver.run(
    'INSERT INTO memory (source, kind, "from", increment, at, text, tags, runs) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
    [
      source,
      entry.kind,
      entry.from,
      entry.increment ?? null,
      entry.at,
      text,
      entry.tags.length === 0 ? '' : shown(entry.tags.join('\n')),
      entry.runs.join('\n'),
    ],
  )
}

/** The columns that {@link entryOf} reads. */
export const ENTRY_COLUMNS = 'm.kind, m."from", m.increment, m.at, m.text, m.tags, m.runs'

export function entryOf(row: Row): MemoryEntry {
  return {
    kind: String(row.kind) as MemoryKind,
    from: String(row.from),
    ...(row.increment === null ? {} : { increment: String(row.increment) }),
    at: String(row.at),
    text: String(row.text),
    tags: String(row.tags).split('\n').filter(Boolean),
    runs: String(row.runs).split('\n').filter(Boolean),
  }
}

/** The same words of one piece of work, in another place or within a longer sentence, are said once: where they came first. */
export function saidOnce<T extends MemoryEntry>(entries: readonly T[]): T[] {
  const kept: { entry: T; words: string }[] = []
  for (const entry of entries) {
    const words = entry.text
      .toLowerCase()
      .replace(/[^\p{L}\p{N}]+/gu, ' ')
      .trim()
    const isSaid = kept.some(
      (other) =>
        (other.entry.from === entry.from && other.words === words) ||
        (other.entry.increment === entry.increment &&
          (other.words.includes(words) || words.includes(other.words))),
    )
    if (!isSaid) kept.push({ entry, words })
  }
  return kept.map(({ entry }) => entry)
}
