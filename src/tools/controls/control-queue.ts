import { type NextStep, Refusal } from '../../core/errors.ts'
import type { RunSummary } from '../../core/run-summary.ts'
import { controlRuns } from '../../runs/control-runs.ts'
import { readFacts } from '../../runs/facts.ts'
import { ownSources } from '../../runs/imported-modules.ts'
import { schedule } from '../../runs/schedule.ts'
import type { Index } from '../../store/index-db.ts'
import type { Workspace } from '../../store/workspace.ts'
import { submitControl } from './control-step.ts'

/** A control is as long as its run: only a short one is started without being asked for. */
const LONGEST_S = 300
const BY_US = /\bload_dataset\b|\bSPECWEAVE_TRAIN\b/

/**
 * Queues the control with shuffled labels of a run that was looked at, where its training took under five minutes and its
 * script, or a module of the workspace that it imports, takes the data from the lab: by `{train}`, `SPECWEAVE_TRAIN` or
 * `load_dataset`. Once for each run; not waited for.
 * @returns the call that shows it; none where nothing was queued.
 */
export async function queueControl(
  workspace: Workspace,
  index: Index,
  summary: RunSummary,
  folder: string,
): Promise<NextStep[]> {
  if ((summary.durationS ?? Number.POSITIVE_INFINITY) >= LONGEST_S) return []
  if (controlRuns(index, summary.run).length > 0 || !takesOurData(workspace, folder)) return []
  try {
    const { run } = await submitControl(workspace, index, summary.run, false)
    schedule(workspace, index)
    return [
      { tool: 'get_run', arguments: { run, wait_s: 40 }, why: 'the control on shuffled labels, queued' },
    ]
  } catch (cause) {
    // Such as a script that was edited meanwhile: validation says that the control was not done.
    if (cause instanceof Refusal) return []
    throw cause
  }
}

function takesOurData(workspace: Workspace, folder: string): boolean {
  const record = readFacts(folder)?.record
  if (!record) return false
  return (
    record.command.some((argument) => argument.includes('{train}')) ||
    ownSources(workspace.root, record).some((text) => BY_US.test(text))
  )
}
