import { Refusal } from '../core/errors.ts'
import { nearest } from '../core/ids.ts'
import type { Index } from '../store/index-db.ts'
import { type Condition, parseWhere } from './where.ts'

const TABLES = { param: 'params', metric: 'metrics', tag: 'tags' } as const
const WORDS = { param: 'parameter', metric: 'metric', tag: 'tag' } as const
/** What a run has beside parameters, metrics and tags is asked for by arguments of its own. */
const ARGUMENTS = new Set(['state', 'increment', 'since'])

/**
 * Reads the conditions of a search. A name that no run has is a slip of the keyboard, and not an empty answer.
 * @throws Refusal INPUT_INVALID with the nearest names
 */
export function knownConditions(index: Index, texts: readonly string[]): Condition[] {
  const conditions = parseWhere(texts)
  conditions.forEach(({ kind, name }, i) => {
    const table = TABLES[kind]
    if (index.driver.get(`SELECT 1 AS found FROM ${table} WHERE name = ? LIMIT 1`, [name])) return
    const names = index.driver
      .all(`SELECT DISTINCT name FROM ${table} ORDER BY name LIMIT 500`)
      .map((row) => String(row.name))
    // Before the first run there is nothing that a name could be held against.
    if (!index.driver.get("SELECT 1 AS found FROM runs WHERE increment <> '' LIMIT 1")) return
    const close = nearest(name, names)
    const hint = ARGUMENTS.has(name)
      ? `use the argument ${name}`
      : close.length > 0
        ? `did you mean ${close.join(' or ')}?`
        : `there are ${names.slice(0, 10).join(', ') || 'none'}`
    throw new Refusal('INPUT_INVALID', `No run has a ${WORDS[kind]} ${name}: ${hint}`, {
      invalid: [{ field: `where[${i}]`, problem: hint }],
    })
  })
  return conditions
}
