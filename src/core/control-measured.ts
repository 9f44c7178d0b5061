import { isNumber, isOneOf, isText, type Shape, withMembers } from './shape.ts'

/** What the lab found of a control with shuffled labels. */
export interface ControlMeasured {
  /** `fail`: better than chance on the real labels. */
  verdict: 'pass' | 'fail'
  metric: string
  /** Of the control on the real validation labels. */
  value: number
  /** Mean of the same predictions dealt to other rows, and the best of 100 such dealings. */
  chance: number
  bound: number
  /** Of the run that is controlled. */
  original: number
  rows: number
}

/** A line `control.measured` of the ledger. */
export interface ControlLine extends ControlMeasured {
  run: string
  /** The run that is controlled. */
  of: string
  dataset_hash: string
  predictions_sha256: string
  /** The validation predictions of the run that is controlled. */
  original_sha256: string
  lab: string
}

export const isControlLine: Shape = withMembers({
  verdict: isOneOf('pass', 'fail'),
  metric: isText,
  value: isNumber,
  chance: isNumber,
  bound: isNumber,
  original: isNumber,
  run: isText,
  of: isText,
  dataset_hash: isText,
  original_sha256: isText,
})
