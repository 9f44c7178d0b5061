import {
  isCount,
  isFlag,
  isNumber,
  isOneOf,
  isText,
  listOf,
  maybe,
  type Shape,
  withMembers,
} from './shape.ts'

export type ReproductionStatus = 'reproduced' | 'differs' | 'not_possible'

/** What differs; see python/lab/specweave_lab/reproduction.py. */
export type ReproductionDifference =
  | 'labels'
  | 'threshold'
  | 'scores'
  | 'no_scores'
  | 'metrics'
  | 'numbers'
  | 'lists'
  | 'order'

/**
 * Whether the saved model, loaded in a clean process, says again what the run handed in for the sealed test set. `data` of
 * a `test.reproduced` line.
 */
export interface Reproduction {
  /** `0042/exp-003-xgboost` */
  run: string
  dataset_hash: string
  predictions_sha256: string
  /** Relative to the run's folder; null where the run saved none. */
  model: string | null
  model_sha256: string | null
  /** Of the user's modules that were copied with the model; null where there are none. */
  code_sha256: string | null
  status: ReproductionStatus
  /** The predictions were made by the lab from this model: there was nothing to hand in otherwise. */
  made_by_lab: boolean
  /** Chosen for the run: its labels are those of the scores, and only the scores were compared. */
  threshold?: number
  /** Rows, or users of a recommendation. */
  rows: number | null
  rows_differ: number | null
  what: ReproductionDifference | null
  /** Of rows that differ: their ids, with both answers. */
  examples: string[]
  /** Of scores or numbers, in their unit; null where only labels or lists were compared. */
  largest_difference: number | null
  tolerance: number | null
  /** Why it was not possible. */
  reason: string | null
}

/** What a `test.reproduced` line must be to be read: other clones write lines too. */
export const isReproduction: Shape = withMembers({
  run: isText,
  dataset_hash: isText,
  predictions_sha256: isText,
  model: maybe(isText),
  model_sha256: maybe(isText),
  code_sha256: maybe(isText),
  status: isOneOf('reproduced', 'differs', 'not_possible'),
  made_by_lab: isFlag,
  threshold: maybe(isNumber),
  rows: maybe(isCount),
  rows_differ: maybe(isCount),
  examples: listOf(isText),
  reason: maybe(isText),
})

/** What is known of it for one run that was looked at. */
export interface ReproductionFact {
  /** It was asked for at the look; false of what an older version looked at. */
  due: boolean
  /** The last outcome for the very predictions that were looked at. */
  found?: Reproduction
  /** What is another now than when it was reproduced: the model, its code. */
  changed?: string
}
