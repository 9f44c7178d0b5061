import type { CriteriaChange } from '../core/criteria-change.ts'
import type { CriteriaProposal } from '../core/criteria-proposal.ts'
import type { BaselineRule, Criterion } from '../core/criterion.ts'
import type { LiftMeasured } from '../core/lift-measured.ts'
import type { ProblemType } from '../core/problem-types.ts'
import type { RunSummary } from '../core/run-summary.ts'
import type { ReproductionFact } from '../core/test-reproduction.ts'
import type { ControlFact } from './control-checks.ts'
import type { OwnEvaluatorFact } from './custom-evaluator-checks.ts'
import type { LabCodeFact } from './lab-code-check.ts'
import type { DataSearch } from './leakage-checks.ts'
import type { Placeholder } from './placeholders.ts'
import type { SeenRun } from './reads-checks.ts'
import type { Contradiction } from './tasks.ts'

/** A person's decision to let a check be, as recorded in the ledger. */
export interface Waiver {
  /** The id of a check. */
  check: string
  reason: string
  by: string
  at: string
  /** `terminal` or `elicitation`. */
  via: string
}

/** A person's approval of the criteria, as recorded in the ledger. */
export type SignOff = Pick<Waiver, 'by' | 'at' | 'via'>

/** Everything that the gates look at. A tool gathers it; {@link judge} only decides. */
export interface GateFacts {
  /** `0042` */
  increment: string
  /** `.specweave/increments/0042-churn-model` */
  folder: string
  problemType: ProblemType
  criteria: readonly Criterion[]
  /** A person or the caller confirmed the proposed criteria. */
  proposedConfirmed: boolean
  /** Absent where the ledger holds no proposal: the criteria were given, or the increment is older than that line. */
  criteriaProposal?: CriteriaProposal
  baselineRule: BaselineRule | null
  requires: readonly string[]
  looks: { used: number; budget: number }
  /** What other increments asked the very same labels, as a clause. */
  looksElsewhere?: string
  /** Runs of the increment that are no baselines, in any state. */
  runs: readonly RunSummary[]
  baselines: readonly RunSummary[]
  /** What the lab found of the candidate over the baselines, on test; none of what was looked at by an older version. */
  lifts?: readonly LiftMeasured[]
  /** The run that is judged. */
  candidate?: RunSummary
  /** The ledger holds a look at the test set for it. */
  candidateLooked?: boolean
  /** What the front matter names, where that run does not exist. */
  candidateUnknown?: string
  /** `churn@1`, registered and on disk. */
  dataset?: string
  /** What of the data set is not what was registered, in words: dataset.json, and files that were seen changed and still are. */
  dataChanged?: readonly string[]
  /** What of dataset.json the ledger holds nothing of, in a sentence. */
  dataNotCompared?: string
  /** What was asked at the first look, by check, for each that is another now and that no person approved. */
  criteriaChanged: Readonly<Record<string, string>>
  /** Every criterion that is another now, approved or not; absent where none is. */
  criteriaChange?: CriteriaChange
  /** Runs that a look was taken for, in the order of the looks, each once. */
  lookedRuns?: readonly string[]
  /** The candidate that the first look fixed. */
  firstCandidate?: string
  /** What is wrong with the candidate's saved model file, where it is no longer the one that was recorded. */
  modelProblem?: string
  /** What is wrong with the models that were kept under `models/`, as sentences. */
  keptModelProblem?: string
  /** The file that the candidate saved, as the ledger holds it, where its own record and the file are not here, as in a clone. */
  modelElsewhere?: { path: string; sha256: string }
  /** Runs that the ledger knows as measured and that are not on disk, with a value each, as a list. */
  goneRuns?: string
  /** What the candidate was seen to read, and then the runs that it builds on; absent where nothing can be held against it. */
  reads?: readonly SeenRun[]
  /** Whether the saved model makes the test predictions of the candidate; absent where it was not looked at. */
  reproduction?: ReproductionFact
  /** What registration found in the data; absent without a data set. */
  search?: DataSearch
  /** Present where the data was registered with metrics of the user's own. */
  ownEvaluator?: OwnEvaluatorFact
  /** The lab's own code; absent where nobody looked at it. */
  labCode?: LabCodeFact
  /** The control of the candidate with shuffled labels; absent without a candidate. */
  control?: ControlFact
  /** Whether the test rows are drawn as those of validation are, so that one split is no easier than the other. */
  drawnAlike?: boolean
  /** Jobs that evaluate the candidate and have not ended: `test` asks its saved model, and then measures what it costs. */
  jobs?: { test?: string; cost?: string }
  /** What is odd about the candidate's test predictions. */
  suspicions?: readonly string[]
  /** Where what the candidate's model costs was measured, by metric why there is no figure, and what disturbed those that count. */
  cost?: {
    machine: string
    notMeasured: Readonly<Record<string, string>>
    disturbances?: readonly string[]
    /** By metric, for each that was measured beside other work alone: so many times as long as alone a call took at most. */
    longerAtMost?: Readonly<Record<string, number>>
  }
  /** Runs whose evidence.json is not what the ledger holds, with the split. */
  evidenceChanged: readonly { run: string; split: string }[]
  documents: { missing: readonly string[]; placeholders: readonly Placeholder[] }
  ledger: { ok: boolean; problem?: string }
  contradictions: readonly Contradiction[]
  /** Where ml.yaml asks for one: the first approval of the criteria, `null` where there is none. */
  signOff?: SignOff | null
  waivers: readonly Waiver[]
  /** Checks for which a person was asked and has not answered yet. */
  pendingApprovals: readonly string[]
}
