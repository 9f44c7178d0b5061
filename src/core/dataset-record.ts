import type { Direction } from './metrics.ts'
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
    /** Different times that each fold in time holds; without it the folds cut train into equal stretches. */
    horizon?: number
    /** Rows that are in test because an earlier version of the name had sealed them. */
    carried?: number
  }
  /** How the train split is divided for cross-validation, into any number of folds; a recommendation has none. */
  folds?: FoldPolicy
  splits: Record<'train' | 'validation' | 'test', DatasetSplit>
  warnings: string[]
  /** What was searched for when the data was registered; versions of before it was searched have none. */
  leakage?: LeakageSearch
  /** Whether the evaluator told known-good answers from shuffled ones on these labels; older versions have none. */
  controls?: EvaluatorControls
  /** Metrics of the user's own, and the function that measures them, admitted by its controls. */
  evaluator?: OwnEvaluator
}

export interface OwnEvaluator {
  format: 1
  /** File name beside dataset.json, of the frozen text. */
  path: string
  /** Where it lay when it was registered, for people. */
  source: string
  /** Of the text. */
  sha256: string
  metrics: Record<string, Direction>
  /** Metrics that are the mean of losses of rows. */
  losses: string[]
  /** How many resamples an interval is made of, by split: as many as there is time for. */
  resamples: Record<string, number>
}

export interface LeakageSearch {
  format: 1
  /** Rows of train and validation on which each column was judged alone. */
  rows: number
  columns: number
  /** In words, with what was proved. */
  searched: string[]
  /** Most severe first. */
  findings: LeakageFinding[]
  /** Of the rows looked up in train, by split; `examples` are pairs of row ids, the later row first. */
  repeats: Record<
    string,
    { rows: number; equal: number; near: number; by_chance: number; examples: [string, string][] }
  >
}

export interface LeakageFinding {
  kind: 'duplicates' | 'target' | 'missingness' | 'groups' | 'time' | 'future'
  column?: string
  /** No accident and no judgement: equal rows beyond 1 % of test, or a column that is the target in other words. */
  certain: boolean
  message: string
  metric?: string
  value?: number
}

export interface EvaluatorControls {
  format: 1
  /** The lab's version. */
  evaluator: string
  /** Metrics by which the truth scored better than the same answers dealt to the wrong rows. */
  passed: string[]
  failed: { metric: string; split: string }[]
  not_asked: { split: string; why: string }[]
}

export type FoldPolicy =
  /** Rolling origins: windows that grow in time, each with `horizon` times to forecast, or with a stretch of equal rows. */
  | { method: 'time'; column: string; gap_us: number; horizon?: number }
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
