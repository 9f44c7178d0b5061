import type { RunSummary } from '../core/run-summary.ts'
import type { Index } from '../store/index-db.ts'
import { type RunRow, sql } from '../store/schema.ts'
import { summarize } from './summary.ts'

/** The control runs of a run, oldest first. */
export function controlRuns(index: Index, run: string): RunSummary[] {
  const [increment = ''] = run.split('/')
  return index
    .all<RunRow>(
      sql
        .selectFrom('runs')
        .selectAll()
        .where('increment', '=', increment)
        .where('aside', '=', 'control')
        .orderBy('created')
        .orderBy('run') as never,
    )
    .map((row) => summarize(index, row))
    .filter(({ controls }) => controls === run)
}
