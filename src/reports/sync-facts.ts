import type { Criterion, Verdict } from '../core/criterion.ts'
import type { DatasetRecord } from '../core/dataset-record.ts'
import type { ProblemType } from '../core/problem-types.ts'
import type { RunSummary } from '../core/run-summary.ts'
import { bestRun, type Ranking } from './best-run.ts'
import type { PairedDifference } from './differences.ts'
import type { EnvironmentSummary, ModelMetadata } from './model-metadata.ts'
import type { PersonDecisions } from './person-decisions.ts'
import type { SeedDifferenceFact } from './seed-differences.ts'

/** What the living documents say of one increment. */
export interface SyncFacts extends PersonDecisions {
  /** `0042` */
  increment: string
  /** `0042-churn-model` */
  folder: string
  title: string
  problemType: ProblemType
  /** Of metadata.json. */
  status: 'planned' | 'active' | 'paused' | 'ready_for_review' | 'completed' | 'abandoned'
  /** Absent where no criterion names a metric yet. */
  ranking?: Ranking
  criteria: readonly Criterion[]
  /** The last one; absent where nothing was validated. */
  verdict?: Verdict
  runs: readonly RunSummary[]
  /** The run that is judged, where it is fixed. */
  candidate?: string
  dataset?: DatasetRecord
  /** Of the chosen run. */
  environment?: EnvironmentSummary
  /** Kept model versions, oldest first. */
  models: readonly ModelMetadata[]
  differences?: readonly PairedDifference[]
  /** Experiments by their means over seeds. */
  overSeeds?: readonly SeedDifferenceFact[]
  looks?: { used: number; budget: number }
  /** The candidate that the first look fixed. */
  firstCandidate?: string
}

/** `churn-model` of `0042-churn-model`: what its documents are named after. */
export function slugOf({ folder }: Pick<SyncFacts, 'folder'>): string {
  return folder.replace(/^\d+-/, '')
}

/** The run that the documents are about: the fixed candidate, else the best by measured validation. */
export function chosenRun(facts: SyncFacts): RunSummary | undefined {
  const fixed = facts.candidate ?? facts.verdict?.candidate
  return facts.runs.find(({ run }) => run === fixed) ?? (facts.ranking && bestRun(facts.runs, facts.ranking))
}

/** An increment's status in words for readers. */
export const STATUS_PHRASES: Readonly<Record<SyncFacts['status'], string>> = {
  planned: 'planned',
  active: 'in work',
  paused: 'paused',
  ready_for_review: 'ready for review',
  completed: 'completed',
  abandoned: 'not passed',
}
