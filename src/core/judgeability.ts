import type { RunSummary } from './run-summary.ts'

/** Why no verdict may rest on a run, where that is known: what its number says is not what its model is worth. */
export interface NotJudgeable {
  /** The id of the gate's check that says so. */
  check: string
  /** For a table: `seen reading test labels: not judgeable`. */
  mark: string
  /** The whole of it, in sentences. */
  reason: string
  /** A person let it be judged all the same, which stays visible. */
  waived?: boolean
}

/** Whether a run may be called best, be compared with others and be learned from. */
export function isJudgeable({ notJudgeable }: Pick<RunSummary, 'notJudgeable'>): boolean {
  return notJudgeable === undefined || notJudgeable.waived === true
}

/** `seen reading test labels: not judgeable. 0042/exp-006-copied was seen opening ...` */
export function judgeabilityWords({ mark, reason, waived }: NotJudgeable): string {
  return waived ? `judged by a person's waiver: ${reason}` : `${mark}. ${reason}`
}
