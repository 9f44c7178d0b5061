import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { readJson } from '../adapters/files.ts'
import { canonicalJson } from '../core/canonical-json.ts'
import { isEvidence } from '../core/evidence-shape.ts'
import type { Measurement, NonFinite } from '../core/measurement.ts'
import type { SplitName } from './datasets.ts'
import type { Ledger } from './ledger.ts'

/** What can be measured: the splits, and cross-validation over folds of train. */
export type EvidenceSplit = SplitName | 'folds'

/** One value that the lab computed. */
export interface MetricEvidence {
  name: string
  value: number | NonFinite
  /** Interval of 95 %, low and high; null where none can be given. */
  ci?: [number, number] | null
  ci_method?: string | null
  /** Of folds: the value of each, in their order; `value` is the mean. */
  by_fold?: number[]
}

/** What the lab measured on one split, with the hashes of all that went in. */
export interface SplitEvidence {
  rows: number
  metrics: MetricEvidence[]
  warnings: { code: string; message: string }[]
  predictions_sha256: string
  labels_sha256: string
  /** Version of the lab that measured. */
  lab: string
  at: string
  /** Their number, of cross-validation. */
  folds?: number
  confusion?: { classes: string[]; matrix: number[][] }
  /** Of test alone: which look it was; null for a baseline of the lab, which costs none. */
  look?: number | null
  baseline?: true
  /** The predictions were made by the lab, from the saved model, in a clean process. */
  predicted_by?: 'lab'
}

/** `evidence.json` in a run's folder. */
export interface Evidence {
  format: 1
  run: string
  /** `churn@1` */
  dataset: string
  dataset_hash: string
  evaluator: { version: string; python: string; packages: Record<string, string | null> }
  splits: Partial<Record<EvidenceSplit, SplitEvidence>>
}

export function evidenceFile(runFolder: string): string {
  return join(runFolder, 'evidence.json')
}

export function readEvidence(runFolder: string): Evidence | undefined {
  const evidence = readJson<Evidence>(evidenceFile(runFolder))
  return isEvidence(evidence) ? evidence : undefined
}

/** The hash that the ledger keeps of one split's evidence. */
export function splitEvidenceSha256(evidence: Evidence, split: EvidenceSplit): string {
  const { run, dataset_hash, splits } = evidence
  return createHash('sha256')
    .update(canonicalJson({ run, dataset_hash, split, evidence: splits[split] }))
    .digest('hex')
}

/** `data` of an `evidence.recorded` line. */
export interface EvidenceData {
  run: string
  dataset_hash: string
  /** Hash of the evidence of each split that was measured; see {@link splitEvidenceSha256}. */
  splits: Partial<Record<EvidenceSplit, string>>
}

/** The splits whose evidence stands in the ledger word for word. Any other was changed after it was measured. */
export function recordedSplits(evidence: Evidence, ledger: Ledger): Set<EvidenceSplit> {
  const known = new Set(
    ledger.lines
      .filter((line) => line.event === 'evidence.recorded' && line.verified && line.data.run === evidence.run)
      .flatMap((line) => Object.values((line.data as unknown as EvidenceData).splits ?? {})),
  )
  const splits = Object.keys(evidence.splits) as EvidenceSplit[]
  return new Set(splits.filter((split) => known.has(splitEvidenceSha256(evidence, split))))
}

/**
 * The measured numbers of a run: `sealed` on test, else `open`.
 * @param options.baselineTest also the test values of a baseline, which are shown only together with a candidate's.
 * @param options.recorded only these splits; see {@link recordedSplits}.
 */
export function measurementsOf(
  evidence: Evidence | undefined,
  options: { baselineTest?: boolean; recorded?: ReadonlySet<EvidenceSplit> } = {},
): Measurement[] {
  return Object.entries(evidence?.splits ?? {}).flatMap(([name, entry]) => {
    const split = name as EvidenceSplit
    if (entry.baseline && !options.baselineTest) return []
    if (options.recorded && !options.recorded.has(split)) return []
    return entry.metrics.map((metric) => ({
      name: metric.name,
      split,
      source: 'measured' as const,
      grade: split === 'test' ? ('sealed' as const) : ('open' as const),
      value: metric.value,
      ...(metric.ci ? { ci: metric.ci } : {}),
    }))
  })
}
