import type { ProblemType } from './problem-types.ts'

/** `datasets/<name>/v<version>/dataset.json`, written once by the lab. Field names are those of the file. */
export interface DatasetRecord {
  format: 1
  /** `churn@1` */
  dataset: string
  name: string
  version: number
  /** SHA-256 over source bytes, target, roles and split policy: same source and policy, same hash, on any machine. */
  hash: string
  created: string
  source: { path: string; format: 'csv' | 'jsonl' | 'parquet'; sha256: string; bytes: number }
  problem_type: ProblemType
  target: string
  positive?: string
  classes?: string[]
  id_column?: string
  group_column?: string
  time_column?: string
  rows: number
  columns: DatasetColumn[]
  split: {
    method: 'stratified' | 'random' | 'time' | 'group' | 'leave_last_out'
    validation: number
    test: number
    seed: number
    key: string
    /** Of a time split: the first time of validation and of test. */
    cuts?: Record<string, string>
    /** Of a time split, as asked for: `7d`, or a number in the units of the time column. */
    gap?: string
    /** The gap in microseconds (of a time that is a number: in millionths), and the rows that it keeps out of every split. */
    gap_us?: number
    left_out?: number
    /** Rows that are in test because an earlier version of the name had sealed them. */
    carried?: number
  }
  /** How the train split is divided for cross-validation, into any number of folds; a recommendation has none. */
  folds?: FoldPolicy
  splits: Record<'train' | 'validation' | 'test', DatasetSplit>
  warnings: string[]
}

export type FoldPolicy =
  /** Windows that grow in time. */
  | { method: 'time'; column: string; gap_us: number }
  /** Units dealt out in the order of their keyed hashes, each class of `stratify` by itself. */
  | { method: 'hash'; key: string; unit: 'id' | 'features' | 'group'; column?: string; stratify?: string }

export interface DatasetColumn {
  name: string
  role: 'feature' | 'target' | 'id' | 'time' | 'group'
  type: 'numeric' | 'boolean' | 'categorical' | 'text' | 'datetime'
  missing: number
  unique: number
  min?: number | string
  max?: number | string
  mean?: number
  std?: number
  /** The most frequent values, at most 10. */
  top?: { value: string; count: number }[]
}

export interface DatasetSplit {
  rows: number
  /** File name beside dataset.json: `train.csv`, or `train.parquet` where the source is Parquet. */
  path: string
  sha256: string
  /** Rows of each class, of train and validation only. */
  classes?: Record<string, number>
  /** Target statistics of train and validation for regression. */
  target?: { mean: number; std: number; min: number; max: number }
  /** Of the sealed labels in the vault; test only. */
  labels_sha256?: string
}
