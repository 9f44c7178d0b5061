import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Ledger, readLedger } from '../../evidence/ledger.ts'
import type { IncrementRef } from '../../increments/load.ts'
import { isClosed } from '../../increments/metadata.ts'
import type { Workspace } from '../../store/workspace.ts'

/** How the ledger says that an increment was closed. */
export interface RecordedEnd {
  status: 'completed' | 'abandoned'
  /** ISO 8601, UTC. */
  at: string
}

/** `undefined` where it is open, or where the SpecWeave engine does the closing. */
export function recordedEnd(ledger: Ledger, increment: string): RecordedEnd | undefined {
  const line = ledger.lines.findLast(
    ({ event, verified, data }) =>
      event === 'increment.completed' && verified && data.increment === increment,
  )
  const status = line?.data.status
  return line && (status === 'completed' || status === 'abandoned') ? { status, at: line.at } : undefined
}

/** That it is closed, in words. The ledger tells it too: whoever takes back a status by hand opens nothing. */
export function closedInWords(workspace: Workspace, increment: IncrementRef): string | undefined {
  if (isClosed(increment.status)) return `${increment.folder} is ${increment.status}`
  return statusProblem(increment, recordedEnd(readLedger(workspace), increment.id))
}

/** Where metadata.json says otherwise than the ledger, in a sentence. */
export function statusProblem(
  { id, path, relative, status }: IncrementRef,
  end: RecordedEnd | undefined,
): string | undefined {
  if (!end || end.status === status) return undefined
  const closed = `the ledger holds that it was closed as ${end.status} on ${end.at.slice(0, 10)}`
  return existsSync(join(path, 'metadata.json'))
    ? `${id}: metadata.json says that it is ${status}, and ${closed}. Take the file from Git, or let \`specweave-ml complete-increment ${id}\` put the status back`
    : `${id}: metadata.json is gone, and ${closed}. \`git checkout -- ${relative}/metadata.json\` brings it back`
}
