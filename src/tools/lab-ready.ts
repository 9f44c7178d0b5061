import type { NextStep } from '../core/errors.ts'
import type { ToolContext } from './context.ts'
import type { Opened } from './opened-workspace.ts'

/** The answer of a call whose work goes on in the background. */
export interface JobAnswer {
  job: string
  state: string
  next: NextStep[]
}

/** Leaves time for the call's own work within the 45 s that clients give. */
const PATIENCE_S = 25

/**
 * Makes sure that the lab's Python environment stands: at once where it does, else by a job that sets it up.
 * @param retry the call itself, to be made again when the job has ended.
 * @returns `undefined` where the lab is ready, else the answer to give.
 */
export async function labReady(
  { workspace, index }: Opened,
  context: ToolContext,
  retry: NextStep,
): Promise<JobAnswer | undefined> {
  const { findLab } = await import('../adapters/lab/environment.ts')
  if (findLab()) return undefined
  await requireBasePython()
  const [{ submitJob }, { schedule }, { waitForRuns }, { lookAt }, { logTail }, { Refusal }] =
    await Promise.all([
      import('../runs/submit-job.ts'),
      import('../runs/schedule.ts'),
      import('../runs/wait.ts'),
      import('../runs/index-run.ts'),
      import('../runs/read-log.ts'),
      import('../core/errors.ts'),
    ])
  const job = submitJob(workspace, index, ['setup', '--workspace', workspace.root])
  schedule(workspace, index)
  context.progress(`setting up the lab's Python environment (${job.run}); once, a few minutes`)
  await waitForRuns(index, [job], PATIENCE_S, 'all', context.signal, () => {
    schedule(workspace, index)
    const [line] = logTail(job.folder, 'stdout', 1)
    if (line) context.progress(line)
  })
  if (findLab()) return undefined
  const state = lookAt(job.folder)?.judgement.state ?? 'lost'
  if (state === 'failed' || state === 'lost' || state === 'succeeded') {
    throw new Refusal(
      'LAB_UNAVAILABLE',
      `The lab could not be set up: ${logTail(job.folder, 'stderr', 12).join('\n') || state}`,
      {
        next: [{ person: 'specweave-ml setup', why: 'tries again and shows every step' }],
      },
    )
  }
  return {
    job: job.run,
    state,
    next: [{ tool: 'get_run', arguments: { run: job.run, wait_s: 40 }, why: 'waits for the lab' }, retry],
  }
}

/** @throws Refusal INTERPRETER_MISSING where the set-up could not even begin: a job for it would only fail. */
async function requireBasePython(): Promise<void> {
  const [{ findBasePython, noBasePython }, { findOnPath }] = await Promise.all([
    import('../adapters/lab/base-python.ts'),
    import('../adapters/python/interpreter.ts'),
  ])
  // uv brings a Python along.
  if (findOnPath('uv')) return
  const base = await findBasePython()
  if ('tried' in base) throw noBasePython(base.tried)
}

export function renderJob(answer: { job?: string; state?: string }): string | undefined {
  return answer.job ? `${answer.job} is ${answer.state}: the work goes on in the background.` : undefined
}
