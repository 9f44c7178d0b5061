import { DummyDriver, Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from 'kysely'

/** The index's tables. Everything in them can be made again from the files of the workspace. */
export interface IndexSchema {
  /** `experiments/` folders and when they last changed, so that an unchanged one is not read again. */
  folders: { path: string; changed: string }
  runs: RunRow
  params: {
    run: string
    name: string
    /** As a person would type it. */
    text: string
    number: number | null
    json: string
    t: number
    /** Empty for the parameters of run.json, which those of a script stand above. */
    writer: string
  }
  metrics: MetricRow
  notes: { run: string; writer: string; line: number; t: number; text: string }
  tags: { run: string; name: string; value: string; t: number; writer: string }
  artifacts: { run: string; path: string; kind: string; bytes: number; sha256: string | null }
  /** Packed points of one metric of one writer, at most a few thousand a row. */
  curves: { run: string; name: string; writer: string; chunk: number; n: number; data: Uint8Array }
  /** How far each events file was taken up. */
  sources: {
    run: string
    file: string
    offset: number
    size: number
    /** Hash of the bytes just before `offset`: where it no longer matches, the file was rewritten. */
    hash: string
    lines: number
    malformed: number
    stale: number
  }
}

export interface RunRow {
  run: string
  increment: string
  name: string
  folder: string
  state: string
  reason: string | null
  exit_code: number | null
  created: string
  started: string | null
  ended: string | null
  duration_s: number | null
  dataset: string | null
  baseline: string | null
  seed: number | null
  made_by: string
  request: string
  /** run.json, as it was when the run was last looked at. */
  record: string
  /** Status that the script set by the SDK, and its reason. */
  status: string | null
  warnings: string
  /** Why the run is no try and in no ranking, such as `reproduction`. */
  aside: string | null
}

export interface MetricRow {
  run: string
  name: string
  split: string
  source: string
  grade: string | null
  value: number | null
  /** `NaN`, `Infinity`, `-Infinity` where `value` is null. */
  special: string | null
  low: number | null
  high: number | null
  step: number | null
  t: number
  writer: string
}

/**
 * Typed queries, compiled here and run by the driver: SQLite answers at once, so that nothing is gained by waiting for
 * promises, and a transaction cannot be torn apart by another call's turn.
 */
export const sql = new Kysely<IndexSchema>({
  dialect: {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  },
})
