import type { Measurement, Split } from '../core/measurement.ts'
import type { Direction } from '../core/metrics.ts'
import type { Index } from '../store/index-db.ts'
import { knownConditions } from './known-conditions.ts'
import { whereClause } from './where.ts'

export interface RankQuery {
  metric: string
  direction: Direction
  /** Empty for what has none: what a model costs. */
  split: Split | ''
  increment?: string
  /** Only these runs. */
  runs?: readonly string[]
  where?: readonly string[]
  limit: number
  offset: number
}

export interface Ranked {
  run: string
  /** Who computed the number that the run was ranked by. */
  source: Measurement['source']
}

/**
 * The runs that have a metric, best first: by the measured number where there is one, then by the reported one, so that
 * no typed number stands above a measured one.
 */
export function rankRuns(index: Index, query: RankQuery): { rows: Ranked[]; total: number } {
  const order = query.direction === 'maximize' ? 'DESC' : 'ASC'
  const measured = select(index, query, 'measured', order)
  if (measured.rows.length === query.limit && query.offset + query.limit <= measured.total) {
    return { rows: measured.rows, total: measured.total + count(index, query, 'reported') }
  }
  const skip = Math.max(0, query.offset - measured.total)
  const reported = select(
    index,
    { ...query, offset: skip, limit: query.limit - measured.rows.length },
    'reported',
    order,
  )
  return { rows: [...measured.rows, ...reported.rows], total: measured.total + reported.total }
}

/** Whether any run has a measured number of this metric: most metrics of most workspaces are reported alone. */
function isMeasured(index: Index, { metric, split }: RankQuery): boolean {
  const sql = "SELECT 1 FROM metrics WHERE name = ? AND split = ? AND source = 'measured' LIMIT 1"
  return index.driver.get(sql, [metric, split]) !== undefined
}

function conditions(
  index: Index,
  query: RankQuery,
  source: Ranked['source'],
): [sql: string, parameters: (string | number)[]] {
  const clauses = ['m.name = ?', 'm.source = ?', 'm.split = ?', 'm.value IS NOT NULL']
  const parameters: (string | number)[] = [query.metric, source, source === 'measured' ? query.split : '']
  if (query.increment) {
    // Run ids begin with the increment's number.
    clauses.push('m.run > ? AND m.run < ?')
    parameters.push(`${query.increment}/`, `${query.increment}0`)
  }
  clauses.push('m.run NOT IN (SELECT run FROM runs WHERE aside IS NOT NULL)')
  if (query.runs) {
    clauses.push(`m.run IN (${query.runs.map(() => '?').join(', ')})`)
    parameters.push(...query.runs)
  }
  for (const condition of knownConditions(index, query.where ?? [])) {
    const [clause, values] = whereClause(condition, 'm.run')
    clauses.push(clause)
    parameters.push(...values)
  }
  if (source === 'reported' && isMeasured(index, query)) {
    clauses.push(
      "NOT EXISTS (SELECT 1 FROM metrics x WHERE x.run = m.run AND x.name = m.name AND x.source = 'measured' AND x.split = ? AND x.value IS NOT NULL)",
    )
    parameters.push(query.split)
  }
  return [clauses.join(' AND '), parameters]
}

function count(index: Index, query: RankQuery, source: Ranked['source']): number {
  const [where, parameters] = conditions(index, query, source)
  return Number(index.driver.get(`SELECT count(*) AS n FROM metrics m WHERE ${where}`, parameters)?.n ?? 0)
}

function select(
  index: Index,
  query: RankQuery,
  source: Ranked['source'],
  order: string,
): { rows: Ranked[]; total: number } {
  const total = count(index, query, source)
  if (query.limit <= 0 || total === 0) return { rows: [], total }
  const [where, parameters] = conditions(index, query, source)
  const rows = index.driver.all(
    `SELECT m.run FROM metrics m WHERE ${where} ORDER BY m.value ${order}, m.run LIMIT ? OFFSET ?`,
    [...parameters, query.limit, query.offset],
  )
  return { rows: rows.map(({ run }) => ({ run: String(run), source })), total }
}
