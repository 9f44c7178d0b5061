import { isEdited, type LabCode, labCode } from '../adapters/lab/code.ts'
import type { Workspace } from '../store/workspace.ts'
import type { Evidence, EvidenceSplit } from './evidence-file.ts'
import type { Ledger } from './ledger.ts'
import { recordTamper } from './tamper.ts'

/** Puts it into the ledger where the lab's own code is not the build's. */
export async function noticeLabCode(workspace: Workspace, code: LabCode = labCode()): Promise<void> {
  const { sha256: found, built: expected } = code
  if (expected === undefined || !isEdited(code)) return
  await recordTamper(workspace, { what: 'lab', expected, found })
}

/** By which code of the lab a part of a run's evidence was measured. */
export interface MeasuredBy {
  split: EvidenceSplit
  /** Version of the lab. */
  lab: string
  /** Absent in what an earlier version measured. */
  sha256?: string
  /** The ledger saw this code in the place of the build's. */
  edited: boolean
}

/** What measured a run, for each split of its evidence. */
export function measuredBy(evidence: Evidence | undefined, ledger: Ledger): MeasuredBy[] {
  const edited = new Set(
    ledger.lines.flatMap(({ event, verified, data }) =>
      event === 'tamper.seen' && verified && data.what === 'lab' ? [String(data.found)] : [],
    ),
  )
  return Object.entries(evidence?.splits ?? {}).map(([split, { lab, lab_sha256 }]) => ({
    split: split as EvidenceSplit,
    lab,
    ...(lab_sha256 === undefined ? {} : { sha256: lab_sha256 }),
    edited: lab_sha256 !== undefined && edited.has(lab_sha256),
  }))
}
