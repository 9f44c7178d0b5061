import { Refusal } from '../core/errors.ts'
import type { RunState } from '../core/run-state.ts'
import type { Index } from '../store/index-db.ts'
import type { RunRow } from '../store/schema.ts'
import { knownConditions } from './known-conditions.ts'
import { whereClause } from './where.ts'

export interface RunQuery {
  increment?: string
  states?: readonly RunState[]
  where?: readonly string[]
  /** ISO time, or a duration back from now such as `2h` or `7d`. */
  since?: string
  /** `created`, `duration`, `name`, or a metric; `-` in front turns it around. */
  sort?: string
  limit: number
  cursor?: string
}

export interface RunPage {
  rows: RunRow[]
  total: number
  /** For the next page. */
  cursor?: string
}

const COLUMNS: Record<string, string> = {
  created: 'created',
  duration: 'duration_s',
  name: 'name',
  state: 'state',
  ended: 'ended',
}

/** Searches the index. Jobs are no runs. */
export function listRuns(index: Index, query: RunQuery): RunPage {
  const clauses: string[] = ["r.increment <> ''"]
  const parameters: (string | number)[] = []
  if (query.increment) {
    clauses.push('r.increment = ?')
    parameters.push(query.increment)
  }
  if (query.states?.length) {
    clauses.push(`r.state IN (${query.states.map(() => '?').join(', ')})`)
    parameters.push(...query.states)
  }
  if (query.since) {
    clauses.push('r.created >= ?')
    parameters.push(sinceTime(query.since))
  }
  for (const condition of knownConditions(index, query.where ?? [])) {
    const [clause, values] = whereClause(condition, 'r.run')
    clauses.push(clause)
    parameters.push(...values)
  }
  const where = clauses.join(' AND ')
  const offset = readCursor(query.cursor)
  const [order, ordering] = orderBy(query.sort ?? '-created')
  const total = Number(
    index.driver.get(`SELECT count(*) AS n FROM runs r WHERE ${where}`, parameters)?.n ?? 0,
  )
  const rows = index.driver.all(`SELECT r.* FROM runs r WHERE ${where} ORDER BY ${order} LIMIT ? OFFSET ?`, [
    ...parameters,
    ...ordering,
    query.limit,
    offset,
  ]) as unknown as RunRow[]
  const end = offset + rows.length
  return { rows, total, ...(end < total ? { cursor: String(end) } : {}) }
}

function orderBy(sort: string): [sql: string, parameters: string[]] {
  const descending = sort.startsWith('-')
  const name = sort.replace(/^[-+]/, '')
  const direction = descending ? 'DESC' : 'ASC'
  const column = Object.hasOwn(COLUMNS, name) ? COLUMNS[name] : undefined
  if (column) return [`r.${column} ${direction}, r.run ${direction}`, []]
  // Measured on test, then validation; what was only reported stands after every measured number.
  const best = (what: string) =>
    `(SELECT ${what} FROM metrics s WHERE s.run = r.run AND s.name = ? ORDER BY s.source = 'reported', s.split = 'test' DESC, s.split = 'validation' DESC LIMIT 1)`
  return [
    `${best("s.source = 'reported'")} NULLS LAST, ${best('s.value')} ${direction} NULLS LAST, r.run`,
    [name, name],
  ]
}

export function readCursor(cursor: string | undefined): number {
  if (cursor === undefined) return 0
  if (!/^\d{1,9}$/.test(cursor)) {
    throw new Refusal('INPUT_INVALID', 'This cursor was not given by an earlier answer.', {
      invalid: [{ field: 'cursor', problem: 'take it from the answer before, or leave it out' }],
    })
  }
  return Number(cursor)
}

const UNITS: Record<string, number> = { m: 60, h: 3600, d: 86_400, w: 604_800 }

function sinceTime(text: string): string {
  const [, amount, unit = ''] = /^(\d+(?:\.\d+)?)\s*([mhdw])$/.exec(text.trim()) ?? []
  const at = amount ? Date.now() - Number(amount) * UNITS[unit]! * 1000 : Date.parse(text)
  if (Number.isNaN(new Date(at).getTime())) {
    throw new Refusal('INPUT_INVALID', `${JSON.stringify(text)} is no time.`, {
      invalid: [
        {
          field: 'since',
          problem: 'is a time such as 2026-11-21 or a duration back from now such as 2h or 7d',
        },
      ],
    })
  }
  return new Date(at).toISOString()
}
