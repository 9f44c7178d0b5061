import type { RunSummary } from '../../core/run-summary.ts'
import type { EvaluatedRun } from '../../evidence/scoring.ts'
import { indexRun } from '../../runs/index-run.ts'
import type { Index } from '../../store/index-db.ts'
import type { Workspace } from '../../store/workspace.ts'
import type { ToolContext } from '../context.ts'
import { queueControl } from '../controls/control-queue.ts'
import { lookAtTest } from './look-at-test.ts'
import { costAtLook } from './model-cost.ts'

/**
 * A look with all that the lab does of it, one after the other, since a time is measured too: the saved model predicts
 * again, then what it costs is measured, and the control is queued last. What a call has no time for goes on in one job,
 * in the same order.
 * @param callStarted `performance.now()` of then.
 * @param report draws what was scored.
 */
export async function answerLook(
  workspace: Workspace,
  index: Index,
  run: EvaluatedRun,
  summary: RunSummary,
  context: ToolContext,
  callStarted: number,
  report: () => Promise<{ report?: string; notes: string[] } | undefined>,
) {
  const looked = await lookAtTest(workspace, index, run, summary, context)
  indexRun(index, run.run, run.folder)
  if ('job' in looked) return looked
  const { reproducedLater, ...look } = looked
  const made = await report()
  const { goesOn, ...found } = await costAtLook(
    workspace,
    index,
    run,
    summary,
    context,
    callStarted,
    reproducedLater,
  )
  // Of every run that was looked at, whoever is the candidate now: another can be named afterwards.
  const control = goesOn || summary.baseline ? [] : await queueControl(workspace, index, summary, run.folder)
  return {
    ...look,
    metrics: [...look.metrics, ...found.metrics],
    ...(found.cost ? { cost: found.cost } : {}),
    ...(made?.report ? { report: made.report } : {}),
    warnings: [...look.warnings, ...found.warnings, ...(made?.notes ?? [])],
    next: [...found.next, ...look.next, ...control],
  }
}
