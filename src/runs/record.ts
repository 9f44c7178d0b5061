import type { ProcessIdentity } from '../adapters/process/identity.ts'
import type { EndState } from '../core/run-state.ts'

/** `run.json`: what was asked for, and what the supervisor found out before the start. No process ids, no home paths. */
export interface RunRecord {
  format: 1
  run: string
  created: string
  /** `lab`: queued and supervised; `sdk`, `baseline`: made by a script that runs outside the lab. */
  made_by: 'lab' | 'sdk' | 'baseline'
  command: string[]
  /** Relative to the workspace's root. */
  cwd: string
  params: Record<string, unknown>
  dataset: string | null
  seed: number | null
  parent: string | null
  previous: string | null
  baseline: string | null
  timeout_s: number | null
  resources: { cpus: number; gpus: number; memory_gb: number | null }
  metrics_from: { path: string; step?: string }[]
  env: Record<string, string>
  /** Hash of what makes a repeat: command, parameters, data, seed, environment and the text of the scripts named. */
  request: string
  /** Set where secrets were masked above: the supervisor finds the whole request in the state folder until the start. */
  masked?: true
  /** Names of child runs, where this record only gathers them (seeds). */
  children?: string[]
  /** The interpreter that stands for `python`: `lab` for the lab's own. */
  interpreter?: string
  code?: CodeRecord
  environment?: EnvironmentRecord
  hardware?: Record<string, unknown>
  git_sha?: string
  /** The run that this one repeats from its record (reproduce_run): no try, never a candidate, in no ranking. */
  reproduces?: string
  /**
   * What this run is a control of: the same command with the labels of train and validation dealt anew. No try, never a
   * candidate, in no ranking.
   */
  control?: { kind: 'shuffled_labels'; of: string }
  /** Looked at as a whole, with a smoke run, before it is started. No part of what makes a repeat. */
  preflight?: true
  /** Of a reproduction: where the workspace lies in the working tree that its code is laid out in. */
  subfolder?: string
}

export interface CodeRecord {
  git_sha: string | null
  branch: string | null
  dirty: boolean
  /** Name of the file under `.specweave/code/`; absent where the working tree is clean. */
  hash: string | null
  /** Files that were left out of it, with the reason. */
  omitted: { path: string; sha256: string; reason: string }[]
}

export interface EnvironmentRecord {
  interpreter: string
  python: string
  conda?: string
  packages: Record<string, string>
}

/** `claim-<n>.json`: the supervisor that has the run; the highest number holds. */
export interface Claim extends ProcessIdentity {
  at: string
  /** Whole GPUs given to the run, by index. */
  gpus: number[]
}

/** `started.json`, the wrapper's first act. For runs made by the SDK alone: of the script, with its events file. */
export interface Started extends ProcessIdentity {
  stdout?: { dev: number; ino: number }
  events?: { dev: number; ino: number }
  /**
   * The command will never be started: who ends a run without a start takes this file first, so that a wrapper that was
   * slow to come finds it and leaves.
   */
  never?: { state: EndState; reason: string }
}

/** `stop.json`: why the run is to end, written before the first signal. */
export interface StopRequest {
  kind: 'stop' | 'timeout' | 'log_limit'
  reason: string
  at: string
}

/** `exit.json`, the wrapper's last act. */
export interface Exit {
  exit_code: number
  /** Seconds since boot, where the platform tells the wrapper. */
  uptime_s?: number
}

/** `end.json`: the one truth about how the run ended. */
export interface End {
  state: EndState
  reason: string | null
  exit_code: number | null
  /** Only where we sent it. */
  signal: string | null
  started: string | null
  ended: string
  duration_s: number | null
  asleep_s: number
  judged_by: 'supervisor' | 'adopter' | 'stopper'
  warnings: string[]
  /** Highest use that the samples saw. */
  resources: { max_rss_bytes: number; cpu_s: number } | null
}

/** Everything that the files of a run's folder say about its life. */
export interface RunFacts {
  record: RunRecord
  claim?: Claim & { n: number }
  started?: Started
  stop?: StopRequest
  exit?: Exit
  end?: End
  /** The end is written, and its last act is not done: the folder is still hidden from Git. */
  unfinished?: boolean
  /** Device and inode of logs/stdout.log, or of the SDK run's first events file. */
  inode?: { dev: number; ino: number }
  /** Of a run made by the SDK alone: it handed in predictions that nobody has scored yet. */
  unscored?: boolean
  /** The last `status` event of a run made by the SDK alone. */
  status?: { value: string; reason?: string }
}
