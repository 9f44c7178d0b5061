import { createRequire } from 'node:module'
import type { OpenOptions, Row, SqliteDriver, SqlValue } from './driver.ts'

/** The part of `node:sqlite` that is used; Node 20 has no types for it. */
interface Statement {
  all(...parameters: SqlValue[]): unknown[]
  get(...parameters: SqlValue[]): unknown
  run(...parameters: SqlValue[]): { changes: number | bigint }
  setReadBigInts(enabled: boolean): void
}
interface DatabaseSync {
  exec(sql: string): void
  prepare(sql: string): Statement
  close(): void
}
type Module = { DatabaseSync: new (file: string) => DatabaseSync }

/** @throws where Node is older than 22.13 and has no `node:sqlite`. */
export function loadNodeSqlite(): (file: string, options: OpenOptions) => SqliteDriver {
  const { DatabaseSync } = withoutExperimentalWarning(
    () => createRequire(import.meta.url)('node:sqlite') as Module,
  )
  return (file, options) => open(new DatabaseSync(file), options)
}

/** Node prints a warning on first use, which would stand in every command's output. */
function withoutExperimentalWarning<T>(load: () => T): T {
  const { emitWarning } = process
  process.emitWarning = () => {}
  try {
    return load()
  } finally {
    process.emitWarning = emitWarning
  }
}

/**
 * Reads, also where an integer is too large for a double to hold exactly: it is given as the nearest, as better-sqlite3
 * does, where `node:sqlite` alone would refuse the row. Not for statements that write: they would run twice.
 */
function read<T extends Row | Row[]>(
  statement: Statement,
  ask: (statement: Statement) => unknown,
): T | undefined {
  try {
    return ask(statement) as T | undefined
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_OUT_OF_RANGE') throw cause
  }
  statement.setReadBigInts(true)
  try {
    const found = ask(statement) as T | undefined
    for (const row of [found ?? []].flat() as Row[])
      for (const [name, value] of Object.entries(row))
        if (typeof value === 'bigint') row[name] = Number(value)
    return found
  } finally {
    statement.setReadBigInts(false)
  }
}

/** A full disk, for one, has ended the transaction already: the error of that is the one to tell. */
function rollBack(database: DatabaseSync): void {
  try {
    database.exec('ROLLBACK')
  } catch {
    // There was none any more.
  }
}

function open(database: DatabaseSync, options: OpenOptions): SqliteDriver {
  database.exec(`PRAGMA busy_timeout = ${options.busyTimeoutMs}`)
  const statements = new Map<string, Statement>()
  const prepare = (sql: string): Statement => {
    let statement = statements.get(sql)
    if (!statement) {
      statement = database.prepare(sql)
      statements.set(sql, statement)
    }
    return statement
  }
  return {
    name: 'node:sqlite',
    exec: (sql) => database.exec(sql),
    all: (sql, parameters: readonly SqlValue[] = []) =>
      read<Row[]>(prepare(sql), (statement) =>
        statement.all(...parameters).map((row) => ({ ...(row as Row) })),
      ) ?? [],
    get: (sql, parameters: readonly SqlValue[] = []) => {
      const row = read<Row>(prepare(sql), (statement) => statement.get(...parameters))
      return row === undefined ? undefined : { ...(row as Row) }
    },
    run: (sql, parameters: readonly SqlValue[] = []) => Number(prepare(sql).run(...parameters).changes),
    transaction(work) {
      database.exec('BEGIN IMMEDIATE')
      try {
        const result = work()
        database.exec('COMMIT')
        return result
      } catch (cause) {
        rollBack(database)
        throw cause
      }
    },
    close() {
      statements.clear()
      database.close()
    },
  }
}
