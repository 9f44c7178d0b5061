import { createRequire } from 'node:module'
import type { OpenOptions, Row, SqliteDriver, SqlValue } from './driver.ts'

/** The part of `node:sqlite` that is used; Node 20 has no types for it. */
interface Statement {
  all(...parameters: SqlValue[]): unknown[]
  get(...parameters: SqlValue[]): unknown
  run(...parameters: SqlValue[]): { changes: number | bigint }
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
      prepare(sql)
        .all(...parameters)
        .map((row) => ({ ...(row as Row) })),
    get: (sql, parameters: readonly SqlValue[] = []) => {
      const row = prepare(sql).get(...parameters)
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
        database.exec('ROLLBACK')
        throw cause
      }
    },
    close() {
      statements.clear()
      database.close()
    },
  }
}
