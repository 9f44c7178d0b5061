import type { NotJudgeable } from './judgeability.ts'
import type { Measurement } from './measurement.ts'
import type { RunState } from './run-state.ts'
import type { Threshold } from './threshold.ts'

/** What documents, gates and comparisons need to know of one run. Made by `runs/`, read by everyone. */
export interface RunSummary {
  /** `0042/exp-003-xgboost` */
  run: string
  increment: string
  /** The folder's name, `exp-003-xgboost`. */
  name: string
  state: RunState
  reason?: string
  exitCode?: number
  /** ISO 8601, UTC. */
  created: string
  started?: string
  ended?: string
  durationS?: number
  command: string[]
  params: Record<string, unknown>
  metrics: Measurement[]
  notes: string[]
  /** `model_class` among them: the class of the model that the SDK saved. */
  tags: Record<string, string>
  /** `churn@1` */
  dataset?: string
  /** Set for baselines made by the lab: `majority`, `random`, ... */
  baseline?: string
  seed?: number
  gitSha?: string
  gitDirty?: boolean
  /** The earlier attempt that a `-rN` follows. */
  previous?: string
  /** The run that this one repeats from its record: it is no try, and never a candidate. */
  reproduces?: string
  /** The run that this one is a control of: it is no try, and never a candidate. */
  controls?: string
  /** By which its labels are made from its scores, as the ledger holds it: known where evidence was read. */
  threshold?: Threshold
  /** Known where reads and controls were looked at: no verdict may rest on it. */
  notJudgeable?: NotJudgeable
  artifacts: ArtifactSummary[]
  warnings: string[]
}

export interface ArtifactSummary {
  /** Relative to the run's folder. */
  path: string
  bytes: number
  sha256?: string
  kind?: 'model' | 'report' | 'file'
}
