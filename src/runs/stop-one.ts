import { join } from 'node:path'
import { signal as signalProcess } from '../adapters/process/group.ts'
import { liveness } from '../adapters/process/identity.ts'
import { sleep } from '../core/clock.ts'
import { isEnd } from '../core/run-state.ts'
import type { Index } from '../store/index-db.ts'
import { sql } from '../store/schema.ts'
import type { Workspace } from '../store/workspace.ts'
import { claimRun } from './claim.ts'
import type { FoundRun } from './find-run.ts'
import { finishRun } from './finish.ts'
import { indexRun } from './index-run.ts'
import type { RunFacts } from './record.ts'
import { schedule } from './schedule.ts'
import { endProcesses, GRACE_MS, requestStop } from './stop.ts'
import { waitForRuns } from './wait.ts'

/** A little more than the grace time between TERM and KILL. */
const WAIT_S = 20

/** Stops a run, and its children where it only gathers them. @returns its state then. */
export async function stopOne(
  workspace: Workspace,
  index: Index,
  { run, folder }: FoundRun,
  reason: string,
  signal: AbortSignal,
): Promise<{ state: string; reason?: string | null }> {
  const children = index.all(
    sql
      .selectFrom('runs')
      .select(['run', 'folder'])
      .where('folder', 'like', `${join(folder, '/')}%`),
  )
  await Promise.all(children.map((child) => stopOne(workspace, index, child, reason, signal)))
  const look = indexRun(index, run, folder)
  if (!look || isEnd(look.judgement.state))
    return { state: look?.judgement.state ?? 'lost', reason: look?.judgement.reason }
  requestStop(folder, 'stop', reason)
  const { judgement, facts } = look
  if (facts.record.made_by !== 'lab') await endScript(facts)
  else if (judgement.state === 'queued' && claimRun(folder, 1, [])) {
    // The claim is ours, so that nobody starts what we say was stopped.
    finishRun(
      index,
      run,
      folder,
      facts,
      { state: 'stopped', reason },
      { judgedBy: 'stopper', warnings: [], resources: null },
    )
  } else if (judgement.owner !== 'alive') await endProcesses(folder)
  await waitForRuns(index, [{ run, folder }], WAIT_S, 'all', signal, () => void schedule(workspace, index))
  const now = indexRun(index, run, folder)
  return { state: now?.judgement.state ?? 'lost', reason: now?.judgement.reason }
}

/** A run made by the SDK alone has no wrapper and may share its process group with a shell: only the script is told. */
async function endScript({ started }: RunFacts): Promise<void> {
  if (!started || liveness(started) !== 'alive') return
  signalProcess(started.pid, 'SIGTERM')
  for (
    const until = performance.now() + GRACE_MS;
    liveness(started) === 'alive' && performance.now() < until;
  )
    await sleep(100)
  if (liveness(started) === 'alive') signalProcess(started.pid, 'SIGKILL')
}
