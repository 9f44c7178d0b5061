import { Refusal } from '../core/errors.ts'
import { JOB_ID, nearest, parseRunId } from '../core/ids.ts'
import type { Index } from '../store/index-db.ts'
import { sql } from '../store/schema.ts'

export interface FoundRun {
  run: string
  folder: string
}

/**
 * Finds a run by its id; within one increment the experiment's name or its folder's name will do.
 * @throws Refusal RUN_UNKNOWN with the nearest ids.
 */
export function findRun(index: Index, typed: string): FoundRun {
  const id = typed.trim().replace(/^specweave:\/\/run\//, '')
  const exact = index.first(sql.selectFrom('runs').select(['run', 'folder']).where('run', '=', id))
  if (exact) return exact
  const all = index.all(sql.selectFrom('runs').select(['run', 'folder', 'name']).orderBy('created', 'desc'))
  if (!id.includes('/') && !JOB_ID.test(id)) {
    const named = all.filter(({ name }) => name === id || name.replace(/^exp-\d+-/, '') === id)
    if (named.length === 1) return { run: named[0]!.run, folder: named[0]!.folder }
    if (named.length > 1) {
      throw new Refusal(
        'RUN_UNKNOWN',
        `Several runs are named ${id}: ${named
          .slice(0, 5)
          .map(({ run }) => run)
          .join(', ')}.`,
        {
          invalid: [{ field: 'run', problem: 'name one of them in full' }],
        },
      )
    }
  }
  const near = nearest(
    id,
    all.map(({ run }) => run),
  )
  const shape = parseRunId(id) || JOB_ID.test(id) ? '' : ' A run id looks like 0042/exp-003-xgboost.'
  throw new Refusal(
    'RUN_UNKNOWN',
    `There is no run ${JSON.stringify(id.slice(0, 120))}.${shape}${near.length > 0 ? ` Did you mean ${near.join(' or ')}?` : ''}`,
    {
      invalid: [{ field: 'run', problem: 'unknown' }],
      next: near[0]
        ? [{ tool: 'get_run', arguments: { run: near[0] }, why: 'the nearest id' }]
        : [{ tool: 'list_runs', arguments: {}, why: 'lists the runs that there are' }],
    },
  )
}
