import type { NextStep } from '../../core/errors.ts'
import { isEnd } from '../../core/run-state.ts'
import type { AnyTool } from '../../tools/tool.ts'
import { type Answer, invokeTool } from '../calls/invoke-tool.ts'
import type { CliIo } from './io.ts'

/** A job that fails is begun anew by the next call: what it says then is the answer. */
const MOST_JOBS = 3

/**
 * A client is told of a job and calls again; who typed a command waits for its end. Interrupted, the job goes on, and the
 * answer that names it is given.
 * @param call makes the call; its answer may name a job.
 */
export async function jobToEnd(
  tool: AnyTool,
  call: () => Promise<Answer>,
  getRun: AnyTool | undefined,
  io: CliIo,
  show: (message: string) => void,
): Promise<Answer> {
  let answer = await call()
  for (let jobs = 0; jobs < MOST_JOBS && getRun; jobs++) {
    const job = jobOf(tool, answer)
    if (!job) break
    for (let state = 'queued'; !isEnd(state); ) {
      show(`waiting for ${job}`)
      if (io.signal.aborted) return answer
      const look = await invokeTool(
        getRun,
        { run: job, wait_s: 5, log_lines: 1 },
        io.context(() => {}),
        io.program,
      )
      state = String(look.state)
    }
    answer = await call()
  }
  return answer
}

/** The job that does the work of the call, or the rest of it: then `next` names it. What only shows the work waits for nothing. */
function jobOf(tool: AnyTool, { job, next }: Answer): string | undefined {
  if (typeof job === 'string') return job
  if (tool.annotations.readOnlyHint) return undefined
  return (next as NextStep[] | undefined)
    ?.map((step) => ('tool' in step && step.tool === 'get_run' ? step.arguments.run : undefined))
    .find((run) => typeof run === 'string' && /^job-\d+$/.test(run)) as string | undefined
}
