import type { NextStep } from '../../core/errors.ts'
import { JOB_ID } from '../../core/ids.ts'
import { LONGEST, type ModelLimit } from '../../evidence/prediction.ts'
import type { EvaluatedRun } from '../../evidence/scoring.ts'
import { reproduceTest } from '../../evidence/test-reproduction.ts'
import { reproductionWarnings } from '../../increments/reproduction-checks.ts'
import type { Index } from '../../store/index-db.ts'
import type { Workspace } from '../../store/workspace.ts'
import type { ToolContext } from '../context.ts'
import type { JobAnswer } from '../lab-ready.ts'
import { evaluateInBackground } from './evaluate-in-background.ts'

/** What a call may spend, of the 45 s that clients wait, and what a model gets in any case. */
const IN_CALL_S = 25
const LEAST_S = 5
/** Set by a person for a model that takes longer than any job is given, in seconds. */
const VARIABLE = 'SPECWEAVE_PREDICT_TIMEOUT_S'

/**
 * How long a saved model may take now: a call cannot wait for it, a job can.
 * @param callStarted `performance.now()` of then.
 */
export function modelLimit(callStarted: number): ModelLimit {
  const set = Number(process.env[VARIABLE])
  if (set > 0) return { seconds: set, final: true }
  if (JOB_ID.test(process.env.SPECWEAVE_RUN ?? '')) return LONGEST
  const spent = (performance.now() - callStarted) / 1000
  return { seconds: Math.round(Math.max(LEAST_S, IN_CALL_S - spent)), final: false }
}

/** The same call in the background, where nobody waits. */
export function lookInBackground(workspace: Workspace, index: Index, run: EvaluatedRun): JobAnswer {
  const job = evaluateInBackground(workspace, index, run.run, 'test', 'waits for the saved model')
  const again: NextStep = {
    tool: 'evaluate_run',
    arguments: { run: run.run, split: 'test' },
    why: 'the same call again answers with what came of it',
  }
  return { ...job, next: [...job.next, again] }
}

/**
 * Asks the saved model of a run that was looked at whether it makes those predictions: in the call where it is quick
 * enough, else in a job. What it comes to stands in the ledger and in the verdict.
 * @returns `later` where a job does it.
 */
export async function reproduceLook(
  workspace: Workspace,
  index: Index,
  run: EvaluatedRun,
  interpreter: string | undefined,
  callStarted: number,
  context: ToolContext,
): Promise<{ warnings: string[]; next: NextStep[]; later: boolean }> {
  const now = (...warnings: string[]) => ({ warnings, next: [], later: false })
  if (!interpreter) return now()
  const limit = modelLimit(callStarted)
  const { signal, progress } = context
  try {
    const outcome = await reproduceTest(workspace, run, { interpreter, limit, signal, progress })
    if (!outcome) return now()
    if (!('tooSlow' in outcome)) return now(...reproductionWarnings(run.run, outcome.reproduction))
  } catch (cause) {
    if (signal.aborted) throw cause
    const why = cause instanceof Error ? cause.message : String(cause)
    return now(`the saved model of ${run.run} was not asked: ${why}`)
  }
  const { job, next } = lookInBackground(workspace, index, run)
  return {
    warnings: [
      `the saved model takes longer than ${limit.seconds} s to make the test predictions again: ${job} goes on with that`,
    ],
    next: next.slice(0, 1),
    later: true,
  }
}
