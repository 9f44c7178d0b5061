import type { Index } from '../store/index-db.ts'
import type { MemoryEntry } from './entry.ts'
import { ENTRY_COLUMNS, entryOf, saidOnce } from './rows.ts'
import { ftsQuery, tellingWords } from './words.ts'

/** So many are looked through for those that a filter lets pass and for the same words in two places. */
const MOST_RANKED = 300

/**
 * What the memory holds on a text, best first by BM25 over text and tags, then the newest. Any text is a search.
 * @param passes which entries are wanted; all where left out
 */
export function searchMemory(
  index: Index,
  text: string,
  limit: number,
  passes: (entry: MemoryEntry) => boolean = () => true,
): MemoryEntry[] {
  const query = ftsQuery(text)
  if (query === undefined) return []
  const found = index.driver
    .all(
      `SELECT ${ENTRY_COLUMNS}, bm25(memory_words) AS rank FROM memory_words JOIN memory m ON m.id = memory_words.rowid
       WHERE memory_words MATCH ? ORDER BY round(rank, 9), m.at DESC, m."from", m.kind, m.text LIMIT ?`,
      [query, MOST_RANKED],
    )
    .map(entryOf)
    .filter(passes)
  return saidOnce(found).slice(0, limit)
}

/** Of the telling words of the shorter text, so many have to be in the other. */
const SIMILAR = 0.4

/** What says much the same as a text. */
export function similarTo(index: Index, text: string, limit: number, except: string): MemoryEntry[] {
  const words = new Set(tellingWords(text))
  return searchMemory(index, text, MOST_RANKED, ({ from }) => from !== except)
    .filter((entry) => {
      const theirs = tellingWords(`${entry.text} ${entry.tags.join(' ')}`)
      const both = theirs.filter((word) => words.has(word)).length
      return both > 1 && both >= SIMILAR * Math.min(words.size, theirs.length)
    })
    .slice(0, limit)
}
