import { createRequire } from 'node:module'
import type Database from 'better-sqlite3'
import type { OpenOptions, Row, SqliteDriver, SqlValue } from './driver.ts'

/** @throws where the package or its native part is missing. */
export function loadBetterSqlite3(): (file: string, options: OpenOptions) => SqliteDriver {
  const Constructor = createRequire(import.meta.url)('better-sqlite3') as typeof Database
  new Constructor(':memory:').close()
  return (file, options) => open(Constructor, file, options)
}

function open(Constructor: typeof Database, file: string, options: OpenOptions): SqliteDriver {
  const database = new Constructor(file, { timeout: options.busyTimeoutMs })
  const statements = new Map<string, Database.Statement>()
  const prepare = (sql: string): Database.Statement => {
    let statement = statements.get(sql)
    if (!statement) {
      statement = database.prepare(sql)
      statements.set(sql, statement)
    }
    return statement
  }
  return {
    name: 'better-sqlite3',
    exec: (sql) => void database.exec(sql),
    all: (sql, parameters: readonly SqlValue[] = []) => prepare(sql).all(...parameters) as Row[],
    get: (sql, parameters: readonly SqlValue[] = []) => prepare(sql).get(...parameters) as Row | undefined,
    run: (sql, parameters: readonly SqlValue[] = []) => prepare(sql).run(...parameters).changes,
    transaction(work) {
      // The library would make a savepoint of it, which the other driver has not.
      if (database.inTransaction) throw new Error('cannot start a transaction within a transaction')
      return database.transaction(work).immediate()
    },
    close: () => void database.close(),
  }
}
