import { join } from 'node:path'
import { readJson } from '../adapters/files.ts'
import type { Index } from '../store/index-db.ts'
import { isIndexTrouble } from '../store/index-trouble.ts'
import { sql } from '../store/schema.ts'
import type { End, RunRecord } from './record.ts'

/** An earlier run of the same command in the same increment, which succeeded. */
export interface SameCommand {
  folder: string
  durationS: number
  /** Highest use of memory that was seen; 0 where none was. */
  peakBytes: number
}

const MOST = 20
/** Every call that starts a run looks. */
const MOST_SEARCHED = 500

/**
 * The newest of them. Parameters, seed and data may have been others.
 * @param longerThanS only those that took longer, seconds.
 */
export function runsOfCommand(
  index: Index,
  increment: string,
  { command, cwd }: Pick<RunRecord, 'command' | 'cwd'>,
  longerThanS = -1,
): SameCommand[] {
  const wanted = JSON.stringify(command)
  try {
    return index
      .all(
        sql
          .selectFrom('runs')
          .select(['folder', 'duration_s', 'record'])
          .where('increment', '=', increment)
          .where('state', '=', 'succeeded')
          .where('made_by', '=', 'lab')
          .where('aside', 'is', null)
          .where('duration_s', '>', longerThanS)
          .orderBy('created', 'desc')
          .limit(MOST_SEARCHED),
      )
      .filter(({ record }) => {
        const before = JSON.parse(record) as RunRecord
        return before.cwd === cwd && !before.children && JSON.stringify(before.command) === wanted
      })
      .slice(0, MOST)
      .map(({ folder, duration_s }) => ({
        folder,
        durationS: Number(duration_s),
        peakBytes: readJson<End>(join(folder, 'end.json'))?.resources?.max_rss_bytes ?? 0,
      }))
  } catch (cause) {
    if (!isIndexTrouble(cause)) throw cause
    return []
  }
}

/** A run that is expected to take longer has a preflight by itself, seconds. */
const LONG_S = 600
/** So long a timeout says that the caller expects a long run. */
const LONG_TIMEOUT_S = 3600

/**
 * Whether a run is expected to be long: its command took more than 10 minutes before, or it is new and was given a
 * timeout of an hour or more.
 */
export function expectedLong(
  index: Index,
  increment: string,
  command: Pick<RunRecord, 'command' | 'cwd'>,
  timeoutS: number | undefined,
): boolean {
  if (runsOfCommand(index, increment, command, LONG_S).length > 0) return true
  if (timeoutS === undefined || timeoutS < LONG_TIMEOUT_S) return false
  return runsOfCommand(index, increment, command).length === 0
}
