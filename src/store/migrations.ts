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
  // The memory: what was learned, as sentences, with the words to find them by. What changed of runs since it was taken up
  // is noted by triggers, so that whoever writes them need not know of it. What a conflict does within a trigger is said by the
  // statement that fired it, an upsert too: so nothing is left to OR IGNORE.
  `
  CREATE TABLE memory (
    id INTEGER PRIMARY KEY, source TEXT NOT NULL, kind TEXT NOT NULL, "from" TEXT NOT NULL, increment TEXT, at TEXT NOT NULL,
    text TEXT NOT NULL, tags TEXT NOT NULL, runs TEXT NOT NULL
  );
  CREATE INDEX memory_by_source ON memory (source);
  CREATE INDEX memory_by_increment ON memory (increment);
  CREATE VIRTUAL TABLE memory_words USING fts5(
    text, tags, content='memory', content_rowid='id', tokenize='porter unicode61 remove_diacritics 2'
  );
  CREATE TRIGGER memory_added AFTER INSERT ON memory BEGIN
    INSERT INTO memory_words (rowid, text, tags) VALUES (NEW.id, NEW.text, NEW.tags);
  END;
  CREATE TRIGGER memory_removed AFTER DELETE ON memory BEGIN
    INSERT INTO memory_words (memory_words, rowid, text, tags) VALUES ('delete', OLD.id, OLD.text, OLD.tags);
  END;
  CREATE TABLE memory_sources (source TEXT PRIMARY KEY, stamp TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE memory_increments (increment TEXT PRIMARY KEY, title TEXT NOT NULL, dataset TEXT, problem_type TEXT) WITHOUT ROWID;
  CREATE TABLE memory_tries (
    run TEXT PRIMARY KEY, dataset TEXT NOT NULL, label TEXT NOT NULL, command TEXT NOT NULL, params TEXT NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX memory_tries_by_params ON memory_tries (dataset, params);
  CREATE TABLE memory_due (run TEXT PRIMARY KEY) WITHOUT ROWID;
  ${[
    ['memory_run_added', 'INSERT ON runs', 'NEW'],
    ['memory_run_changed', 'UPDATE ON runs', 'NEW'],
    ['memory_run_removed', 'DELETE ON runs', 'OLD'],
    ['memory_note_added', 'INSERT ON notes', 'NEW'],
    ['memory_note_removed', 'DELETE ON notes', 'OLD'],
  ]
    .map(
      ([name, event, row]) => `CREATE TRIGGER ${name} AFTER ${event} BEGIN
    INSERT INTO memory_due SELECT ${row}.run WHERE NOT EXISTS (SELECT 1 FROM memory_due WHERE run = ${row}.run);
  END;`,
    )
    .join('\n  ')}
  INSERT INTO memory_due SELECT run FROM runs;
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
