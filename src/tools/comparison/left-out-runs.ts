import { isJudgeable } from '../../core/judgeability.ts'
import type { RunSummary } from '../../core/run-summary.ts'
import type { Index } from '../../store/index-db.ts'

/** Runs that no verdict may rest on. */
export function notCompared(runs: readonly RunSummary[]): { run: string; reason: string }[] {
  return runs.flatMap((run) =>
    run.notJudgeable && !isJudgeable(run)
      ? [{ run: run.run, reason: `${run.notJudgeable.mark} (check ${run.notJudgeable.check})` }]
      : [],
  )
}

/** Runs that have no numbers yet, so that a comparison does not pass over them in silence. */
export function unfinished(index: Index, increment: string | undefined): { run: string; reason: string }[] {
  if (!increment) return []
  return index.driver
    .all(
      // A run that has no end yet is found by the small index of those, not among all of the increment.
      "SELECT run, state FROM runs WHERE ended IS NULL AND +increment = ? AND +state IN ('queued', 'starting', 'running', 'evaluating') ORDER BY created LIMIT 10",
      [increment],
    )
    .map(({ run, state }) => ({ run: String(run), reason: `is ${state}: its numbers are still to come` }))
}
