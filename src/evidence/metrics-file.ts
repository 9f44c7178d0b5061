import { lstatSync } from 'node:fs'
import { join } from 'node:path'
import { readJson } from '../adapters/files.ts'
import type { Measurement } from '../core/measurement.ts'
import {
  type EvidenceData,
  type EvidencePart,
  measurementsOf,
  readEvidence,
  recordedSplits,
} from './evidence-file.ts'
import type { Ledger } from './ledger.ts'

/** What a run's `metrics.json` says otherwise than its evidence, in words: `roc_auc on test is 0.99, and ...` */
export interface MetricsReview {
  /** Typed by hand, or taken out. */
  wrong: string[]
  /** Measured earlier, as the ledger says, and measured anew since. */
  outdated: string[]
}

const MOST_NAMED = 3

/**
 * Holds the measured entries of `metrics.json`, which the program writes from evidence.json, against the evidence that the
 * ledger holds. What a script reported is in its events alone, and is not compared; nor is a split whose evidence was changed
 * itself, which is said of evidence.json, nor a file that is not there.
 */
export function reviewMetrics(run: string, folder: string, ledger: Ledger): MetricsReview {
  const file = join(folder, 'metrics.json')
  if (!lstatSync(file, { throwIfNoEntry: false })) return { wrong: [], outdated: [] }
  const read = readJson<unknown>(file)
  if (!Array.isArray(read)) return { wrong: ['it is no list of measurements'], outdated: [] }
  const said = read.filter(isMeasured)
  const known = knownOf(run, folder, ledger)
  const review: MetricsReview = { wrong: [], outdated: [] }
  for (const entry of said) {
    if (known.evidence.has(partOf(entry)) && !known.recorded.has(partOf(entry))) continue
    const same = known.measured.filter((one) => isOf(one, entry))
    if (same.some((one) => isEqual(one, entry))) continue
    const [held] = same
    if (held?.value !== entry.value && known.earlier(entry)) {
      const now = held ? `${figure(held)} now` : 'not measured now'
      review.outdated.push(`${named(entry)} is ${figure(entry)}, which was measured earlier; it is ${now}`)
    } else if (held)
      review.wrong.push(
        `${named(entry)} is ${figure(entry)}, and the evidence that the ledger holds says ${figure(held)}`,
      )
    else if (!known.mayHaveBeen(entry))
      review.wrong.push(
        `${named(entry)} is ${figure(entry)}, and the ledger holds no such measurement of the run`,
      )
  }
  for (const held of known.shown)
    if (!said.some((entry) => isOf(entry, held)))
      review.wrong.push(
        `${named(held)} is missing, and the evidence that the ledger holds says ${figure(held)}`,
      )
  return { wrong: shortened(review.wrong), outdated: shortened(review.outdated) }
}

interface Known {
  /** The parts that evidence.json has, and those of them that the ledger holds. */
  evidence: ReadonlySet<EvidencePart>
  recorded: ReadonlySet<EvidencePart>
  /** All that metrics.json may say. */
  measured: Measurement[]
  /** What it has to say: a baseline's test values are not in it. */
  shown: Measurement[]
  /** Whether the ledger holds this value of an earlier measurement. */
  earlier(entry: Measurement): boolean
  /** Whether it was measured by a version that wrote no values into the ledger, and its evidence.json is not here. */
  mayHaveBeen(entry: Measurement): boolean
}

function knownOf(run: string, folder: string, ledger: Ledger): Known {
  const evidence = readEvidence(folder)
  const recorded = evidence ? recordedSplits(evidence, ledger) : new Set<EvidencePart>()
  const lines = ledger.lines
    .filter(({ event, verified, data }) => event === 'evidence.recorded' && verified && data.run === run)
    .map(({ data }) => data as unknown as EvidenceData)
  const cost: Measurement[] = recorded.has('cost') ? (evidence?.cost?.metrics ?? []).map(ofCost) : []
  return {
    evidence: new Set<EvidencePart>([
      ...(Object.keys(evidence?.splits ?? {}) as EvidencePart[]),
      ...(evidence?.cost ? (['cost'] as const) : []),
    ]),
    recorded,
    measured: [...cost, ...measurementsOf(evidence, { recorded, baselineTest: true })],
    shown: measurementsOf(evidence, { recorded }),
    earlier: (entry) =>
      (entry.grade ?? '') === gradeOf(entry) && lines.some((data) => valueIn(data, entry) === entry.value),
    mayHaveBeen: (entry) =>
      !evidence && lines.some((data) => has(data, partOf(entry)) && valuesFor(data, entry) === undefined),
  }
}

function has({ splits, cost }: EvidenceData, part: EvidencePart): boolean {
  return part === 'cost' ? cost !== undefined : splits?.[part] !== undefined
}

function valuesFor(data: EvidenceData, { split }: Measurement): Record<string, unknown> | undefined {
  if (split) return data.values?.[split]
  const { cost_measured } = data
  return cost_measured && Object.fromEntries(cost_measured.metrics.map(({ name, value }) => [name, value]))
}

function valueIn(data: EvidenceData, entry: Measurement): unknown {
  return valuesFor(data, entry)?.[entry.name]
}

function ofCost({
  name,
  value,
  ci,
}: {
  name: string
  value: Measurement['value']
  ci?: unknown
}): Measurement {
  return { name, source: 'measured', value, ...(Array.isArray(ci) ? { ci: ci as [number, number] } : {}) }
}

function isMeasured(entry: unknown): entry is Measurement {
  return typeof entry === 'object' && entry !== null && 'source' in entry && entry.source === 'measured'
}

function partOf({ split }: Measurement): EvidencePart {
  return split || 'cost'
}

function gradeOf({ split }: Measurement): string {
  if (!split) return ''
  return split === 'test' ? 'sealed' : 'open'
}

function isOf(one: Measurement, other: Measurement): boolean {
  return one.name === other.name && (one.split ?? '') === (other.split ?? '')
}

/** An interval counts where the file has one: one that is left out says nothing wrong. */
function isEqual(held: Measurement, entry: Measurement): boolean {
  if (held.value !== entry.value || (held.grade ?? '') !== (entry.grade ?? '')) return false
  return !entry.ci || JSON.stringify(entry.ci) === JSON.stringify(held.ci)
}

/** `roc_auc on test` */
function named({ name, split }: Measurement): string {
  return split ? `${name} on ${split}` : String(name)
}

/** `0.931 (sealed, 0.92 to 0.94)`; the value with all its digits, so that any edit shows. */
function figure({ value, grade, ci }: Measurement): string {
  const [low, high] = Array.isArray(ci) ? ci : []
  const more = [...(grade ? [grade] : []), ...(low === undefined ? [] : [`${low} to ${high}`])]
  return `${value}${more.length > 0 ? ` (${more.join(', ')})` : ''}`
}

function shortened(texts: readonly string[]): string[] {
  const more = texts.length - MOST_NAMED
  return more > 0 ? [...texts.slice(0, MOST_NAMED), `${more} more`] : [...texts]
}
