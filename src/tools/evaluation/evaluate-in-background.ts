import { lookAt } from '../../runs/index-run.ts'
import { schedule } from '../../runs/schedule.ts'
import { liveJob, submitJob } from '../../runs/submit-job.ts'
import type { Index } from '../../store/index-db.ts'
import type { Workspace } from '../../store/workspace.ts'
import type { JobAnswer } from '../lab-ready.ts'

/**
 * `evaluate_run` as a job, for what a saved model takes longer to do than a call may last.
 * @param why the job is waited for.
 */
export function evaluateInBackground(
  workspace: Workspace,
  index: Index,
  run: string,
  split: 'test' | 'cost',
  why: string,
): JobAnswer {
  const job = submitJob(workspace, index, work(workspace, run, split))
  schedule(workspace, index)
  return {
    job: job.run,
    state: lookAt(job.folder)?.judgement.state ?? 'queued',
    next: [{ tool: 'get_run', arguments: { run: job.run, wait_s: 40 }, why }],
  }
}

function work(workspace: Workspace, run: string, split: 'test' | 'cost'): string[] {
  return ['evaluate-run', run, split, '--workspace', workspace.root]
}

/** The jobs that are at it: `test` asks the saved model, and then measures what a criterion asks of its cost. */
export function evaluationJobs(
  workspace: Workspace,
  index: Index,
  run: string,
): { test?: string; cost?: string } {
  const [test, cost] = (['test', 'cost'] as const).map((split) => liveJob(index, work(workspace, run, split)))
  return { ...(test ? { test: test.run } : {}), ...(cost ? { cost: cost.run } : {}) }
}
