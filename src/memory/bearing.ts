import type { Index } from '../store/index-db.ts'
import { isInsight, type MemoryEntry } from './entry.ts'
import { ENTRY_COLUMNS, entryOf, saidOnce } from './rows.ts'
import { ftsQuery, tellingWords } from './words.ts'

/** A piece of work that something learned before may bear on. */
export interface Work {
  /** Not known of one that is about to be made. */
  increment?: string
  title: string
  /** The data's name, without its version. */
  dataset?: string
  problemType?: string
}

export interface Bearing extends MemoryEntry {
  /** `same data (churn)`, `same problem type, about tenure` */
  why: string
}

/** How an entry or its increment comes to bear on the work; the closer the more. */
interface Tie {
  closeness: number
  why: string
}

/** Notes of other work are shown unasked only where their writer said that something was learned. */
const NOTED = /^\W*(?:failed|lessons?|learn(?:ed|t)|warning|decision)\b/i

const MOST_RELATED = 50
const MOST_LOOKED_AT = 500

/**
 * What was learned before and bears on a piece of work, the closest first. The rule:
 *
 * - an insight that was recorded in this increment;
 * - what was learned in another increment on data of the same name;
 * - what was learned in another increment of the same problem type whose title shares a telling word;
 * - an insight whose text or tags have a telling word of the title or the data's name, unless its problem type is another.
 *
 * Of equally close ones insights come before outcomes, these before comparisons and notes, then the newest.
 */
export function bearingOn(index: Index, work: Work, limit: number): Bearing[] {
  const words = tellingWords(`${work.title} ${work.dataset ?? ''}`)
  const types = new Map<string, string | null>()
  const ties = new Map<string, Tie>()
  for (const row of index.driver.all(
    'SELECT increment, title, dataset, problem_type FROM memory_increments',
  )) {
    const increment = String(row.increment)
    types.set(increment, row.problem_type === null ? null : String(row.problem_type))
    const tie =
      increment === work.increment
        ? { closeness: 4, why: 'recorded in this increment' }
        : tieTo(work, words, String(row.title), row.dataset, row.problem_type)
    if (tie) ties.set(increment, tie)
  }
  const found = [...ofIncrements(index, ties), ...speaking(index, words)].flatMap((entry): Bearing[] => {
    const own = entry.increment === work.increment && entry.increment !== undefined
    if (!isInsight(entry) && (own || !isTelling(entry))) return []
    const tie = (entry.increment && ties.get(entry.increment)) || tieOfWords(entry, work, words, types)
    return tie ? [{ ...entry, why: tie.why, closeness: tie.closeness } as Bearing & Tie] : []
  })
  const ordered = (found as (Bearing & Tie)[]).sort(
    (a, b) =>
      b.closeness - a.closeness ||
      weight(b) - weight(a) ||
      (a.at < b.at ? 1 : a.at > b.at ? -1 : 0) ||
      (a.text < b.text ? -1 : 1),
  )
  return saidOnce(ordered)
    .slice(0, limit)
    .map(({ closeness: _, ...entry }) => entry)
}

function tieTo(
  work: Work,
  words: readonly string[],
  title: string,
  dataset: unknown,
  type: unknown,
): Tie | undefined {
  if (work.dataset && dataset === work.dataset) return { closeness: 3, why: `same data (${work.dataset})` }
  if (!work.problemType || type !== work.problemType) return undefined
  const theirs = new Set(tellingWords(`${title} ${typeof dataset === 'string' ? dataset : ''}`))
  const shared = words.filter((word) => theirs.has(word))
  return shared.length > 0
    ? { closeness: 2, why: `same problem type, about ${shared.slice(0, 3).join(', ')}` }
    : undefined
}

function tieOfWords(
  entry: MemoryEntry,
  work: Work,
  words: readonly string[],
  types: ReadonlyMap<string, string | null>,
): Tie | undefined {
  if (!isInsight(entry)) return undefined
  const type = entry.increment && types.get(entry.increment)
  if (type && work.problemType && type !== work.problemType) return undefined
  const theirs = new Set(tellingWords(`${entry.text} ${entry.tags.join(' ')}`))
  const shared = words.filter((word) => theirs.has(word))
  return shared.length > 0 ? { closeness: 1, why: `about ${shared.slice(0, 3).join(', ')}` } : undefined
}

function ofIncrements(index: Index, ties: ReadonlyMap<string, Tie>): MemoryEntry[] {
  const closest = [...ties].sort(([, a], [, b]) => b.closeness - a.closeness).slice(0, MOST_RELATED)
  if (closest.length === 0) return []
  return index.driver
    .all(
      `SELECT ${ENTRY_COLUMNS} FROM memory m WHERE m.increment IN (${closest.map(() => '?').join(', ')})
         AND m.kind <> 'failure' ORDER BY m.at DESC, m.text LIMIT ?`,
      [...closest.map(([increment]) => increment), MOST_LOOKED_AT],
    )
    .map(entryOf)
}

/** Insights that have one of the words, whatever increment they are of. */
function speaking(index: Index, words: readonly string[]): MemoryEntry[] {
  // A stem is the beginning of its words.
  const query = ftsQuery(words.join(' '))?.replaceAll(/"(?= |$)/g, '"*')
  if (query === undefined) return []
  return index.driver
    .all(
      `SELECT ${ENTRY_COLUMNS} FROM memory_words JOIN memory m ON m.id = memory_words.rowid
       WHERE memory_words MATCH ? AND m.source >= 'insight ' AND m.source < 'insight!' ORDER BY m.at DESC, m.text LIMIT ?`,
      [query, MOST_LOOKED_AT],
    )
    .map(entryOf)
}

/** Of other work: what its people or its documents say was learned; that a model beat a baseline is news to nobody. */
function isTelling({ kind, text }: MemoryEntry): boolean {
  if (kind === 'note') return NOTED.test(text)
  return kind === 'outcome' || (kind !== 'failure' && !/-baseline-|^On validation, /.test(text))
}

function weight(entry: MemoryEntry): number {
  if (isInsight(entry)) return 4
  if (entry.kind === 'outcome') return 3
  return entry.kind === 'note' ? 2 : /\bFAILED\b|\bLESSON\b/.test(entry.text) ? 1 : 0
}
