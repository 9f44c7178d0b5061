import type { ControlLine } from '../core/control-measured.ts'
import type { NotJudgeable } from '../core/judgeability.ts'
import { betterThanChance } from './control-checks.ts'
import { guiltyReads, type SeenRun } from './reads-checks.ts'

/** What is known of any run, not only of the candidate. */
export interface Judgeability {
  /** The run first, then what it builds on. */
  reads: readonly SeenRun[]
  /** What the ledger holds of its control with shuffled labels. */
  control?: ControlLine
}

/**
 * Whether a verdict could rest on a run: the two checks that say of a number that it is not what the model is worth. They
 * fail for any run as they fail for the candidate, so that none of such a number is called best anywhere.
 */
export function notJudgeable({ reads, control }: Judgeability): NotJudgeable | undefined {
  const guilty = guiltyReads(reads)
  if (guilty)
    return {
      check: 'candidate.reads',
      mark: 'seen reading test labels: not judgeable',
      reason: guilty.what,
    }
  if (control?.verdict === 'fail')
    return {
      check: 'control.shuffled_labels',
      mark: 'control with shuffled labels failed: not judgeable',
      reason: betterThanChance(control),
    }
  return undefined
}
