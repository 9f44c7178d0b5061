import type { Verdict } from '../core/criterion.ts'
import type { DatasetRecord } from '../core/dataset-record.ts'
import type { RunSummary } from '../core/run-summary.ts'
import type { Threshold } from '../core/threshold.ts'
import type { Ranking } from './best-run.ts'
import type { PairedDifference } from './differences.ts'
import type { ModelMetadata } from './model-metadata.ts'
import type { PersonDecisions, Waiver } from './person-decisions.ts'
import type { SeedDifferenceFact } from './seed-differences.ts'

/** A line of tasks.md, as it stands there. */
export interface TaskLine {
  id: string
  title: string
  state: 'done' | 'open' | 'skipped'
  reason?: string
}

/** What COMPLETION-SUMMARY.md is made of. */
export interface SummaryFacts extends Ranking, PersonDecisions {
  /** `0042` */
  increment: string
  title: string
  outcome: 'passed' | 'not_passed' | 'ready_for_review'
  /** Why it ends without a pass, in the caller's words. */
  reason?: string
  verdict: Verdict
  /** By check id: what was asked when the increment was created, where it was changed since. */
  askedBefore?: Readonly<Record<string, string>>
  runs: readonly RunSummary[]
  dataset?: DatasetRecord
  looks: { used: number; budget: number }
  /** Runs that a look was taken for, in the order of the looks. */
  lookedRuns?: readonly string[]
  /** The candidate that the first look fixed. */
  firstCandidate?: string
  /** Runs of candidates that got a validation score, as the ledger has them: each seed, and deleted runs too. */
  tries: number
  /** How many of them are gone from the disk. */
  deletedTries?: number
  /** Runs that the ledger knows as measured and that are not on disk, with a value each, as a list. */
  goneRuns?: string
  /** What other increments asked the very same sealed labels, as a clause. */
  looksElsewhere?: string
  waivers: readonly Waiver[]
  /** How the last repetition of the candidate came out, in the ledger's word; `at` is ISO 8601, UTC. */
  reproduced?: { outcome: string; at: string }
  /** What this version could not check, or nobody did; a phrase each. */
  notChecked: readonly string[]
  /** Printed as it is, in a block of its own. */
  verifyCommand: string
  model?: ModelMetadata
  tasks?: readonly TaskLine[]
  /** Where what the candidate's model costs was measured. */
  costMachine?: string
  /** What made its times longer than they are, a phrase each. */
  costDisturbances?: readonly string[] | undefined
  /** By metric, why there is no figure. */
  costNotMeasured?: Readonly<Record<string, string>>
  /** By which the candidate's labels are made from its scores. */
  threshold?: Threshold
  differences?: readonly PairedDifference[]
  /** Experiments by their means over seeds. */
  overSeeds?: readonly SeedDifferenceFact[]
}
