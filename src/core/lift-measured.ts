import { isNumber, isText, listOf, maybe, type Shape, withMembers } from './shape.ts'

/** What the lab found of a candidate over a baseline's target, on the sealed test set. `data` of a `lift.measured` line. */
export interface LiftMeasured {
  /** `0042/exp-003-xgboost` */
  run: string
  /** The baseline's run. */
  baseline: string
  dataset_hash: string
  metric: string
  /** As asked for: 0.2 is 20 %. */
  lift: number
  predictions_sha256: string
  baseline_sha256: string
  /** Version of the lab. */
  lab: string
  /** Looks that the increment may take: the more, the wider the interval. */
  looks: number
  /** Null where the lab could give none, and `reason` says why. */
  interval: LiftInterval | null
  reason?: string
}

/** The candidate's value minus the target, in the metric's unit, paired on the same rows, times or users. */
export interface LiftInterval {
  value: number
  baseline: number
  target: number
  /** value - target */
  difference: number
  ci: [number, number]
  /** 0.95, or more where several looks are allowed. */
  confidence: number
  method: string
  /** Rows, or users of a recommendation. */
  rows: number
}

/** What a `lift.measured` line must be to be read: other clones write lines too. */
export const isLiftMeasured: Shape = withMembers({
  run: isText,
  baseline: isText,
  dataset_hash: isText,
  metric: isText,
  lift: isNumber,
  predictions_sha256: isText,
  baseline_sha256: isText,
  reason: maybe(isText),
  interval: maybe(
    withMembers({
      target: isNumber,
      difference: isNumber,
      confidence: isNumber,
      ci: (value) => listOf(isNumber)(value) && (value as unknown[]).length === 2,
    }),
  ),
})
