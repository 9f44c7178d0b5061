import { Refusal } from '../../core/errors.ts'

export type SqlValue = string | number | bigint | null | Uint8Array
export type Row = Record<string, SqlValue>

/** The little that the index needs of SQLite. Both drivers pass one conformance suite (test/store/drivers.test.ts). */
export interface SqliteDriver {
  readonly name: 'better-sqlite3' | 'node:sqlite'
  exec(sql: string): void
  /** An integer beyond 2^53 is given as the nearest double. */
  all(sql: string, parameters?: readonly SqlValue[]): Row[]
  get(sql: string, parameters?: readonly SqlValue[]): Row | undefined
  /** @returns the number of rows changed. */
  run(sql: string, parameters?: readonly SqlValue[]): number
  /** Runs `work` in one `BEGIN IMMEDIATE` transaction; an exception rolls it back. Not nested. */
  transaction<T>(work: () => T): T
  close(): void
}

export interface OpenOptions {
  /** How long a statement waits for another process's lock, milliseconds. */
  busyTimeoutMs: number
}

type Opener = (file: string, options: OpenOptions) => SqliteDriver

let opener: Promise<Opener> | undefined

/**
 * Opens a database with better-sqlite3, or with `node:sqlite` where the native module is missing. One process uses one
 * driver only: two SQLite libraries on one file in one process would drop each other's POSIX locks.
 */
export async function openSqlite(file: string, options: OpenOptions): Promise<SqliteDriver> {
  opener ??= chooseDriver()
  return (await opener)(file, options)
}

async function chooseDriver(): Promise<Opener> {
  const wanted = process.env.SPECWEAVE_SQLITE
  const reasons: string[] = []
  if (wanted !== 'node:sqlite') {
    try {
      return (await import('./better-sqlite3.ts')).loadBetterSqlite3()
    } catch (cause) {
      reasons.push(`better-sqlite3: ${firstLine(cause)}`)
    }
  }
  if (wanted !== 'better-sqlite3') {
    try {
      return (await import('./node-sqlite.ts')).loadNodeSqlite()
    } catch (cause) {
      reasons.push(`node:sqlite: ${firstLine(cause)}`)
    }
  }
  opener = undefined
  throw new Refusal(
    'SQLITE_UNAVAILABLE',
    `No SQLite is to be had in Node ${process.versions.node}. ${reasons.join('; ')}. Use Node 22.13 or newer, which has its own, or install a C++ compiler and run \`npm rebuild better-sqlite3\`.`,
    { next: [{ person: 'specweave-ml doctor', why: 'shows by which Node it runs, and what is there' }] },
  )
}

function firstLine(cause: unknown): string {
  return (cause instanceof Error ? cause.message : String(cause)).split('\n')[0] ?? ''
}
