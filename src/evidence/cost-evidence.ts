import { createHash } from 'node:crypto'
import { canonicalJson } from '../core/canonical-json.ts'
import type { MetricEvidence } from './evidence-file.ts'

/** The machine that a cost was measured on: a latency belongs to it. */
export interface CostMachine {
  /** Model of the processor. */
  cpu: string
  /** That the process could use. */
  cores: number
  system: string
  architecture: string
  python: string
  /** Of 1, 5 and 15 minutes, before the measurement. */
  load_average: number[] | null
  /** Variables that decide how many threads libraries start, as they were set. */
  threads: Record<string, string>
}

/** One measurement of what a run's model costs, as evidence.json and the ledger keep it. */
export interface CostMeasurement {
  at: string
  model_sha256: string | null
  /** `AMD EPYC, 2 cores` */
  machine: string
  metrics: MetricEvidence[]
  /** What else the machine did, a sentence each. */
  disturbances: string[]
  /** By other work a call took at most so many times as long as alone; null where there was none to speak of. */
  longer_at_most: number | null
}

/** What a run's saved model costs, in evidence.json: of no split, and of no grade. */
export interface CostEvidence {
  /** The figures that count, of all measurements; what else stands here is of the last. See `decidedFigures`. */
  metrics: MetricEvidence[]
  not_measured: { name: string; reason: string }[]
  /** The file that was measured, relative to the run's folder. */
  model: { path: string; sha256: string | null }
  /** Whose features were asked with. */
  split: 'validation'
  /** What one request is. */
  unit?: 'row' | 'user' | 'series'
  machine?: CostMachine
  /** Seconds until the model was loaded, its libraries included. */
  load_s?: number
  /** Requests one at a time; `interruptions`: another process got the processor meanwhile. */
  single?: { warm_up: number; calls: number; seconds: number; interruptions: number }
  batch?: { size: number; calls: number; seconds: number }
  /** The batch size whose rate is `throughput_rps`, of those that were tried. */
  throughput?: { size: number; calls: number; sizes: number[] }
  garbage_collection?: boolean
  /** Runs and jobs of this workspace that went on at the same time. */
  beside?: string[]
  /** How many measurements of this run's model the ledger holds, with this one. */
  measurement: number
  /** All of them, this one last; earlier versions kept none. */
  measurements?: CostMeasurement[]
  at: string
}

/** The hash that the ledger keeps of it. */
export function costEvidenceSha256(evidence: {
  run: string
  dataset_hash: string
  cost?: CostEvidence
}): string {
  const { run, dataset_hash, cost } = evidence
  return createHash('sha256').update(canonicalJson({ run, dataset_hash, cost })).digest('hex')
}

/** `AMD EPYC, 2 cores` */
export function machineInWords({ machine }: Pick<CostEvidence, 'machine'>): string {
  return machine
    ? `${machine.cpu}, ${machine.cores} core${machine.cores === 1 ? '' : 's'}`
    : 'unknown machine'
}

/** More interruptions for each call than this move the 99th percentile. */
const OFTEN = 0.02
/** A program that competes for the processor all the time interrupts some hundred times a second. */
const COMPETES = 20

/** What a reader of the figures has to know, a sentence each. */
export function costWarnings(cost: CostEvidence): string[] {
  const reasons = new Map<string, string[]>()
  for (const { name, reason } of cost.not_measured)
    reasons.set(reason, [...(reasons.get(reason) ?? []), name])
  return [
    ...[...reasons].map(([reason, names]) => `not measured: ${names.join(', ')}: ${reason}`),
    ...costDisturbances(cost),
    ...(cost.measurement > 1
      ? [
          `this is measurement ${cost.measurement} of this run's model; the ledger holds all of them, and of each figure the middle one counts`,
        ]
      : []),
  ]
}

type Machine = Pick<CostEvidence, 'machine' | 'single' | 'beside'>

/** What else the machine did during the measurement, so that the times are longer than they need be. */
export function costDisturbances({ machine, single, beside = [] }: Machine): string[] {
  const [load = 0] = machine?.load_average ?? []
  return [
    ...(machine && load > machine.cores
      ? [
          `the machine was busy (load ${load} on ${machine.cores} core${machine.cores === 1 ? '' : 's'}): times are longer than on one that is idle`,
        ]
      : []),
    ...(beside.length > 0 ? [`it was measured while ${beside.join(', ')} ran on the same machine`] : []),
    ...(single && single.interruptions > single.calls * OFTEN
      ? [
          `other programs took the processor ${single.interruptions} times during ${single.calls} calls: the upper percentiles are longer than on a machine that is idle`,
        ]
      : []),
  ]
}

/** @returns how many times as long as alone a call took at most; null where nothing else had the processor for long. */
export function longerAtMost({ machine, single, beside = [] }: Machine): number | null {
  const [load = 0] = machine?.load_average ?? []
  const cores = machine?.cores ?? 1
  const competed =
    single !== undefined &&
    single.interruptions > single.calls * OFTEN &&
    single.interruptions > single.seconds * COMPETES
  if (load <= cores && beside.length === 0 && !competed) return null
  const others = Math.max(load, beside.length, competed ? 1 : 0)
  return Math.max(1, (others + 1) / cores)
}
