import { refreshIndex } from '../../runs/refresh.ts'
import { openIndex } from '../../store/index-db.ts'
import { layoutOf } from '../../store/layout.ts'
import { sql } from '../../store/schema.ts'
import { lastSession } from './last-session.ts'
import type { HookOutput } from './main.ts'

const MOST = 8

/** What runs, and what ended since an assistant last worked here. */
export async function sessionStart(root: string): Promise<HookOutput | undefined> {
  const layout = layoutOf(root)
  const index = await openIndex(layout).catch(withoutSqlite)
  if ('systemMessage' in index) return index
  const live = refreshIndex({ layout }, index).map(({ run, judgement }) => `${run} (${judgement.state})`)
  const ended = index
    .all(
      sql
        .selectFrom('runs')
        .select(['run', 'state', 'exit_code'])
        .where('ended', '>', lastSession(root))
        .orderBy('ended', 'desc'),
    )
    .map(({ run, state, exit_code: code }) => `${run} ${state}${code ? ` (exit code ${code})` : ''}`)
  if (live.length + ended.length === 0) return undefined
  const lines = [
    ...(live.length > 0 ? [`Not ended: ${listed(live)}.`] : []),
    ...(ended.length > 0 ? [`Ended since the last session: ${listed(ended)}.`] : []),
    'get_increment says where the work stands; get_run shows one run.',
  ]
  return {
    hookSpecificOutput: {
      hookEventName: 'SessionStart',
      additionalContext: `SpecWeave ML. ${lines.join(' ')}`,
    },
  }
}

/** Without it neither tools nor hooks can say anything else: the user hears it at the start, and only there. */
function withoutSqlite(cause: unknown): HookOutput & { systemMessage: string } {
  if ((cause as { code?: string }).code !== 'SQLITE_UNAVAILABLE') throw cause
  return {
    systemMessage: `SpecWeave ML: its tools and hooks find no SQLite in Node ${process.versions.node}; put Node 22.13 or newer on the PATH, which has its own, and start again.`,
  }
}

export function listed(items: readonly string[]): string {
  const more = items.length - MOST
  return items.slice(0, MOST).join(', ') + (more > 0 ? ` and ${more} more` : '')
}
