import type { SqliteDriver } from './sqlite/driver.ts'

/** Applied in order; the number of those applied is `PRAGMA user_version`. Never edited once released, only added to. */
const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE folders (path TEXT PRIMARY KEY, changed TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE runs (
    run TEXT PRIMARY KEY, increment TEXT NOT NULL, name TEXT NOT NULL, folder TEXT NOT NULL, state TEXT NOT NULL,
    reason TEXT, exit_code INTEGER, created TEXT NOT NULL, started TEXT, ended TEXT, duration_s REAL, dataset TEXT,
    baseline TEXT, seed INTEGER, made_by TEXT NOT NULL, request TEXT NOT NULL, record TEXT NOT NULL, status TEXT,
    warnings TEXT NOT NULL DEFAULT '[]'
  ) WITHOUT ROWID;
  CREATE INDEX runs_by_increment ON runs (increment, created);
  CREATE INDEX runs_by_state ON runs (state, created);
  CREATE INDEX runs_by_request ON runs (request);
  CREATE TABLE params (
    run TEXT NOT NULL, name TEXT NOT NULL, text TEXT NOT NULL, number REAL, json TEXT NOT NULL, t REAL NOT NULL, writer TEXT NOT NULL,
    PRIMARY KEY (run, name)
  ) WITHOUT ROWID;
  CREATE INDEX params_by_value ON params (name, text, run);
  CREATE TABLE metrics (
    run TEXT NOT NULL, name TEXT NOT NULL, split TEXT NOT NULL, source TEXT NOT NULL, grade TEXT, value REAL, special TEXT,
    low REAL, high REAL, step REAL, t REAL NOT NULL, writer TEXT NOT NULL, PRIMARY KEY (run, name, split, source)
  ) WITHOUT ROWID;
  CREATE INDEX metrics_by_value ON metrics (name, split, source, value, run);
  CREATE TABLE notes (run TEXT NOT NULL, writer TEXT NOT NULL, line INTEGER NOT NULL, t REAL NOT NULL, text TEXT NOT NULL, PRIMARY KEY (run, writer, line)) WITHOUT ROWID;
  CREATE TABLE tags (run TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, t REAL NOT NULL, writer TEXT NOT NULL, PRIMARY KEY (run, name)) WITHOUT ROWID;
  CREATE TABLE artifacts (run TEXT NOT NULL, path TEXT NOT NULL, kind TEXT NOT NULL, bytes INTEGER NOT NULL, sha256 TEXT, PRIMARY KEY (run, path)) WITHOUT ROWID;
  CREATE TABLE curves (run TEXT NOT NULL, name TEXT NOT NULL, writer TEXT NOT NULL, chunk INTEGER NOT NULL, n INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY (run, name, writer, chunk));
  CREATE TABLE sources (
    run TEXT NOT NULL, file TEXT NOT NULL, offset INTEGER NOT NULL, size INTEGER NOT NULL, hash TEXT NOT NULL,
    lines INTEGER NOT NULL, malformed INTEGER NOT NULL, stale INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (run, file)
  ) WITHOUT ROWID;
  CREATE INDEX params_by_number ON params (name, number, run) WHERE number IS NOT NULL;
  CREATE INDEX runs_by_created ON runs (created, run);
  CREATE INDEX runs_unended ON runs (created, run) WHERE ended IS NULL;
  `,
  // Runs that are no tries, such as reproductions: few, and asked for at every ranking.
  `
  ALTER TABLE runs ADD COLUMN aside TEXT;
  CREATE INDEX runs_aside ON runs (run) WHERE aside IS NOT NULL;
  `,
]

export const INDEX_VERSION = MIGRATIONS.length

/** @returns false where the index was made by a newer version: it has to be made anew. */
export function migrate(driver: SqliteDriver): boolean {
  const version = Number(driver.get('PRAGMA user_version')?.user_version ?? 0)
  if (version > INDEX_VERSION) return false
  if (version === INDEX_VERSION) return true
  driver.transaction(() => {
    // Another process may have been faster while this one waited for the lock.
    const now = Number(driver.get('PRAGMA user_version')?.user_version ?? 0)
    for (const migration of MIGRATIONS.slice(now)) driver.exec(migration)
    driver.exec(`PRAGMA user_version = ${INDEX_VERSION}`)
  })
  return true
}
