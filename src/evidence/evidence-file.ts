import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { readJson, replaceFile } from '../adapters/files.ts'
import { canonicalJson } from '../core/canonical-json.ts'
import type { DatasetRecord } from '../core/dataset-record.ts'
import { isEvidence } from '../core/evidence-shape.ts'
import type { Measurement, NonFinite } from '../core/measurement.ts'
import type { Threshold } from '../core/threshold.ts'
import { type CostEvidence, type CostMeasurement, costEvidenceSha256 } from './cost-evidence.ts'
import { costFigures, measuredTimes } from './cost-measurements.ts'
import type { SplitName } from './datasets.ts'
import type { Ledger } from './ledger.ts'
import { runRecordSha256 } from './run-record.ts'
import { isSameThreshold, thresholdOf } from './threshold.ts'

/** What can be measured: the splits, and cross-validation over folds of train. */
export type EvidenceSplit = SplitName | 'folds'

/** What the ledger holds a hash of: each split, and what the model costs. */
export type EvidencePart = EvidenceSplit | 'cost'

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
  /** Of its code; what was measured before this was recorded has none. */
  lab_sha256?: string
  at: string
  /** By which the labels were made from the scores; see {@link Evidence.threshold}. */
  threshold?: number
  /** Their number, of cross-validation. */
  folds?: number
  confusion?: { classes: string[]; matrix: number[][] }
  /** Of test alone: which look it was; null for a baseline of the lab, which costs none. */
  look?: number | null
  baseline?: true
  /** The predictions were made by the lab, from the saved model, in a clean process. */
  predicted_by?: 'lab'
  /** Of a look: whether the saved model says the same is asked since this was looked at. See `test.reproduced`. */
  reproduction?: 'due'
}

/** `evidence.json` in a run's folder. */
export interface Evidence {
  format: 1
  run: string
  /** `churn@1` */
  dataset: string
  dataset_hash: string
  /** Who measured last; `sha256` is of the lab's own code. */
  evaluator: { version: string; sha256?: string; python: string; packages: Record<string, string | null> }
  splits: Partial<Record<EvidenceSplit, SplitEvidence>>
  cost?: CostEvidence
  /** As the ledger holds it (`threshold.chosen`); absent where labels are those that were handed in. */
  threshold?: Threshold
}

export function evidenceFile(runFolder: string): string {
  return join(runFolder, 'evidence.json')
}

export function readEvidence(runFolder: string): Evidence | undefined {
  const evidence = readJson<Evidence>(evidenceFile(runFolder))
  return isEvidence(evidence) ? evidence : undefined
}

/** What is known of a run on a data set, for what is measured now to be added to; nothing yet where it was another's. */
export function evidenceSoFar(
  { run, folder }: { run: string; folder: string },
  { dataset, hash }: Pick<DatasetRecord, 'dataset' | 'hash'>,
  evaluator: Evidence['evaluator'],
): Evidence {
  const before = readEvidence(folder)
  if (before?.run === run && before.dataset_hash === hash) return before
  return { format: 1, run, dataset, dataset_hash: hash, evaluator, splits: {} }
}

/**
 * The hashes of what was measured go into the ledger first: evidence that is on disk is in the ledger.
 * @param append of the ledger, under its lock.
 */
export function writeEvidence(
  folder: string,
  evidence: Evidence,
  measured: Pick<EvidenceData, 'splits' | 'cost' | 'cost_measured'>,
  append: (event: 'evidence.recorded', data: Record<string, unknown>) => unknown,
): void {
  const values = valuesOf(evidence, Object.keys(measured.splits) as EvidenceSplit[])
  const { run, dataset_hash } = evidence
  const record = runRecordSha256(folder)
  append('evidence.recorded', {
    run,
    dataset_hash,
    ...measured,
    values,
    ...(record ? { record_sha256: record } : {}),
  })
  replaceFile(evidenceFile(folder), `${JSON.stringify(evidence, null, 2)}\n`)
}

/** So that a run which is deleted later has a number beside its name. Of a baseline's test, which nobody saw yet, nothing. */
function valuesOf({ splits }: Evidence, measured: readonly EvidenceSplit[]): EvidenceData['values'] {
  return Object.fromEntries(
    measured.flatMap((split) => {
      const entry = splits[split]
      if (!entry || entry.baseline) return []
      return [[split, Object.fromEntries(entry.metrics.map(({ name, value }) => [name, value]))]]
    }),
  )
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
  /** Hash of what the model costs, where that was measured. */
  cost?: string
  /** This measurement itself: a later one does not replace it. */
  cost_measured?: CostMeasurement
  /** The values of each split's metrics, for people; earlier versions wrote none. The hashes prove them, not these. */
  values?: Partial<Record<EvidenceSplit, Record<string, number | NonFinite>>>
  /** Of the run's run.json by then; earlier versions wrote none. */
  record_sha256?: string
}

/**
 * The parts whose evidence stands in the ledger word for word. Any other was changed after it was measured; so were all
 * splits where the threshold is not the one that the ledger holds, and a split that was measured by another one.
 */
export function recordedSplits(evidence: Evidence, ledger: Ledger): Set<EvidencePart> {
  const known = new Set(
    ledger.lines
      .filter((line) => line.event === 'evidence.recorded' && line.verified && line.data.run === evidence.run)
      .flatMap((line) => Object.values((line.data as unknown as EvidenceData).splits ?? {})),
  )
  const splits = Object.keys(evidence.splits) as EvidenceSplit[]
  const threshold = thresholdOf(ledger, evidence.run, evidence.dataset_hash)
  const isOurs = isSameThreshold(evidence.threshold, threshold)
  return new Set<EvidencePart>([
    ...splits.filter(
      (split) =>
        isOurs &&
        evidence.splits[split]?.threshold === threshold?.value &&
        known.has(splitEvidenceSha256(evidence, split)),
    ),
    ...(evidence.cost && latestCost(evidence.run, ledger) === costEvidenceSha256(evidence)
      ? (['cost'] as const)
      : []),
  ])
}

/** Another measurement gives other times: only the latest counts, so that nobody puts back the one that looked best. */
function latestCost(run: string, ledger: Ledger): string | undefined {
  const lines = ledger.lines.filter(
    ({ event, verified, data }) =>
      event === 'evidence.recorded' && verified && data.run === run && data.cost !== undefined,
  )
  const latest = lines.reduce<(typeof lines)[number] | undefined>(
    (last, line) => (last && last.at > line.at ? last : line),
    undefined,
  )
  return (latest?.data as unknown as EvidenceData | undefined)?.cost
}

/**
 * The measured numbers of a run: `sealed` on test, else `open`; what its model costs has neither split nor grade.
 * @param options.baselineTest also the test values of a baseline, which are shown only together with a candidate's.
 * @param options.recorded only these parts; see {@link recordedSplits}.
 */
export function measurementsOf(
  evidence: Evidence | undefined,
  options: { baselineTest?: boolean; recorded?: ReadonlySet<EvidencePart> } = {},
): Measurement[] {
  const cost = options.recorded && !options.recorded.has('cost') ? undefined : evidence?.cost
  const measured: Measurement[] = Object.entries(evidence?.splits ?? {}).flatMap(([name, entry]) => {
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
  return [...measured, ...costMeasurements(cost)]
}

function costMeasurements(cost: CostEvidence | undefined): Measurement[] {
  return (cost ? costFigures(cost) : []).map((figure) => {
    const repeated = measuredTimes(figure)
    return {
      name: figure.name,
      source: 'measured' as const,
      value: figure.value,
      ...(figure.ci ? { ci: figure.ci } : {}),
      ...(repeated ? { repeated } : {}),
    }
  })
}
