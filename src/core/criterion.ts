import type { Split } from './measurement.ts'

export type Comparator = '>' | '>=' | '<' | '<='

/** One line of `ml.success`, as it stands in the front matter of spec.md. */
export interface Criterion {
  metric: string
  op: Comparator
  value: number
  /** Absent for cost metrics. */
  split?: Split
  /** Written by `create_increment` as a proposal that nobody confirmed yet. */
  proposed?: boolean
}

export interface BaselineRule {
  metric: string
  /** 0.2 asks for 20 % better than the baseline, as contracts define lift. */
  lift: number
  /** `best`, or the name of a strategy. */
  over: string
}

export type CheckStatus = 'pass' | 'fail' | 'missing' | 'waived' | 'pending_approval'

export interface Check {
  id: string
  status: CheckStatus
  message: string
  /** Path of the file that proves it, relative to the workspace, or a run id. */
  evidence?: string
  next?: import('./errors.ts').NextStep
  /** What was asked for and what was found, for the table of the summary. */
  asked?: string
  measured?: {
    value: number
    ci?: [number, number]
    grade?: 'open' | 'sealed'
    /** All measurements, of a cost that was measured several times. */
    repeated?: string
    /** The value holds, and an end of its interval does not. */
    unsure?: true
  }
  reported?: number
  lift?: LiftDecided
}

/** By what a lift was decided. */
export interface LiftDecided {
  target: number
  /** The strategy whose value sets the target, such as `majority`. */
  baseline: string
  baselineValue: number
  /** The paired interval of measured - target; absent where the lab could give none and the value alone decided. */
  over?: { difference: number; ci: [number, number]; confidence: number }
}

export interface Verdict {
  verdict: 'pass' | 'fail' | 'incomplete'
  candidate?: string
  checks: Check[]
}
