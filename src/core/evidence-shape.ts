import {
  isCount,
  isFlag,
  isNumber,
  isOneOf,
  isText,
  isTime,
  listOf,
  mapOf,
  maybe,
  type Shape,
  withMembers,
} from './shape.ts'
import { isThreshold } from './threshold.ts'

const isFigure: Shape = (value) => isNumber(value) || isOneOf('NaN', 'Infinity', '-Infinity')(value)
const isPair: Shape = (value) => listOf(isNumber)(value) && (value as unknown[]).length === 2

/** What an evidence.json must be for its numbers to be looked at. */
export const isEvidence: Shape = withMembers({
  format: isOneOf(1),
  run: isText,
  dataset: isText,
  dataset_hash: isText,
  splits: mapOf(
    withMembers({
      metrics: listOf(withMembers({ name: isText, value: isFigure, ci: maybe(isPair) })),
      at: maybe(isTime),
      baseline: maybe(isFlag),
      threshold: maybe(isNumber),
      predictions_sha256: maybe(isText),
      labels_sha256: maybe(isText),
      warnings: maybe(listOf(withMembers({ code: isText, message: isText }))),
    }),
  ),
  threshold: maybe(isThreshold),
  cost: maybe(
    withMembers({
      metrics: listOf(withMembers({ name: isText, value: isNumber, ci: maybe(isPair) })),
      not_measured: listOf(withMembers({ name: isText, reason: isText })),
      model: withMembers({ path: isText, sha256: maybe(isText) }),
      machine: maybe(
        withMembers({
          cpu: isText,
          cores: isNumber,
          load_average: maybe(listOf(isNumber)),
          threads: mapOf(isText),
        }),
      ),
      beside: maybe(listOf(isText)),
      measurement: isCount,
      measurements: maybe(
        listOf(
          withMembers({
            at: isTime,
            model_sha256: maybe(isText),
            machine: isText,
            metrics: listOf(withMembers({ name: isText, value: isNumber, ci: maybe(isPair) })),
            disturbances: listOf(isText),
            longer_at_most: maybe(isNumber),
          }),
        ),
      ),
      at: isTime,
    }),
  ),
})
