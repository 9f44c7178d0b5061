import type { Index } from '../store/index-db.ts'
import type { Workspace } from '../store/workspace.ts'
import { type Outlook, outlook } from './claim.ts'
import type { LiveRun } from './refresh.ts'
import { sendSupervisor } from './supervisors.ts'

/** Runs to which a supervisor was sent a moment ago and may not have made its claim yet. */
const begun = new Map<string, number>()
const GRACE_MS = 3000

/**
 * Sends a supervisor to each queued run that fits the free slots, and for each run whose supervisor died.
 * Any process that opens the workspace may do so, at any time; which supervisor gets a run is decided by its claim.
 */
export function schedule(workspace: Workspace, index: Index): Outlook {
  const now = performance.now()
  for (const [key, at] of begun) if (now - at > GRACE_MS) begun.delete(key)
  const found = outlook(workspace, index)
  // What runs is looked after by whoever started it, or by the next that may write.
  if (workspace.readOnly) return found
  for (const { run } of [...found.orphans.filter(isDue), ...found.ready]) {
    const key = `${workspace.root}\0${run}`
    if (begun.has(key)) continue
    begun.set(key, now)
    sendSupervisor(workspace, run, () => begun.delete(key))
  }
  return found
}

/** So many supervisors of one run are killed by nobody: it is what they die of, and the next will too. */
const MANY_CLAIMS = 10
const LONGEST_PAUSE_MS = 300_000

function isDue({ facts: { claim } }: LiveRun): boolean {
  if (!claim || claim.n < MANY_CLAIMS) return true
  const sinceMs = Math.abs(Date.now() - Date.parse(claim.at))
  return sinceMs > Math.min(LONGEST_PAUSE_MS, claim.n * 1000)
}
