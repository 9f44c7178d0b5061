import type { LabCode } from '../adapters/lab/code.ts'
import { readEvidence } from './evidence-file.ts'
import { measuredBy } from './lab-tamper.ts'
import type { Ledger } from './ledger.ts'

interface MeasuredRun {
  run: string
  folder: string
}

export interface EvidenceNotes {
  /** What other builds of the lab measured: no fault, since an upgrade is none. */
  measuredElsewhere: string[]
  /** Values that no measurement gives beside their own interval: the file was edited, or the lab has a defect. */
  outsideInterval: string[]
}

const MOST_NAMED = 3
/** Of printed and rounded figures. */
const ROUNDING = 1e-9
/** Of a biased metric of the user's own, the limits may lie on one side of the value. */
const MAY_LIE_OUTSIDE = 'bootstrap_percentile'

/** What a person should know of evidence that holds otherwise. */
export function evidenceNotes(
  runs: readonly MeasuredRun[],
  ledger: Ledger,
  { sha256, built = sha256 }: LabCode,
): EvidenceNotes {
  const byBuild = new Map<string, string[]>()
  const outsideInterval: string[] = []
  for (const { run, folder } of runs) {
    const evidence = readEvidence(folder)
    for (const { split, sha256: measured, edited } of measuredBy(evidence, ledger))
      if (measured !== undefined && measured !== built && !edited)
        byBuild.set(measured, [...(byBuild.get(measured) ?? []), `${run} ${split}`])
    for (const [split, { metrics }] of Object.entries(evidence?.splits ?? {}))
      for (const { name, value, ci, ci_method } of metrics) {
        if (typeof value !== 'number' || !ci || ci_method === MAY_LIE_OUTSIDE) continue
        const slack = ROUNDING * Math.max(1, Math.abs(value))
        if (value < ci[0] - slack || value > ci[1] + slack)
          outsideInterval.push(
            `${run} ${split}: ${name} ${short(value)} lies outside its own interval (${short(ci[0])} .. ${short(ci[1])}): evidence.json was edited, or the lab has a defect`,
          )
      }
  }
  const measuredElsewhere = [...byBuild].map(
    ([build, which]) =>
      `measured by another build of the lab (SHA-256 ${build.slice(0, 12)}..., here ${built.slice(0, 12)}...): ${named(which)}. That is no fault; --recompute scores the predictions by this one`,
  )
  return { measuredElsewhere, outsideInterval }
}

function named(which: readonly string[]): string {
  const more = which.length - MOST_NAMED
  return which.slice(0, MOST_NAMED).join(', ') + (more > 0 ? ` and ${more} more` : '')
}

function short(value: number): string {
  return String(Number(value.toPrecision(5)))
}
