import { join } from 'node:path'
import { readJson } from '../adapters/files.ts'
import type { Index } from '../store/index-db.ts'
import { sql } from '../store/schema.ts'
import { logTail } from './read-log.ts'
import type { RunRecord } from './record.ts'
import { silentS } from './samples.ts'

/** What a run's records show that its owner should know, from the index and the folder. */
export function runWarnings(index: Index, run: string, folder: string): string[] {
  return [
    ...nonFinite(index, run),
    ...malformed(index, run),
    ...missingEvents(index, run),
    ...sharedLogs(index, run),
    ...missingPackage(folder),
  ]
}

/** A log outside the run's folder that another run, alive at the same time, was to be read from too. */
function sharedLogs(index: Index, run: string): string[] {
  const row = index.first(
    sql.selectFrom('runs').select(['record', 'created', 'ended']).where('run', '=', run),
  )
  const own = row ? logsOutside(JSON.parse(row.record) as RunRecord) : []
  if (!row || own.length === 0) return []
  const others = index.all(
    sql
      .selectFrom('runs')
      .select(['run', 'record'])
      .where('run', '<>', run)
      .where('created', '<=', row.ended ?? new Date().toISOString())
      .where((where) => where.or([where('ended', 'is', null), where('ended', '>=', row.created)])),
  )
  return others.flatMap((other) => {
    const shared = logsOutside(JSON.parse(other.record) as RunRecord).filter((path) => own.includes(path))
    return shared.map(
      (path) => `${path} was written by ${other.run} at the same time: their points are mixed; use {run_dir}`,
    )
  })
}

function logsOutside(record: RunRecord): string[] {
  return (record.metrics_from ?? [])
    .filter(({ path }) => !path.includes('{'))
    .map(({ path }) => join(record.cwd, path))
}

function nonFinite(index: Index, run: string): string[] {
  return index
    .all(
      sql
        .selectFrom('metrics')
        .select(['name', 'special', 'step'])
        .where('run', '=', run)
        .where('source', '=', 'reported')
        .where('special', 'is not', null),
    )
    .map(({ name, special, step }) => `${name} became ${special}${step === null ? '' : ` by step ${step}`}`)
}

function malformed(index: Index, run: string): string[] {
  return index
    .all(
      sql
        .selectFrom('sources')
        .select(['file', 'malformed'])
        .where('run', '=', run)
        .where('malformed', '>', 0),
    )
    .map(
      ({ file, malformed }) =>
        `events/${file}: ${malformed} malformed line${malformed === 1 ? '' : 's'}, passed over`,
    )
}

/** Of a run in whatever state: a file that went after its points were taken up. */
export function missingEvents(index: Index, run: string): string[] {
  return index
    .all(sql.selectFrom('sources').select('file').where('run', '=', run).where('stale', '=', 1))
    .map(
      ({ file }) => `events/${file} is missing: what was taken up of it is kept until the index is made anew`,
    )
}

/** A script that fails for want of a package is told which interpreter wanted it, and both ways out. */
function missingPackage(folder: string): string[] {
  const log = logTail(folder, 'stderr', 40).join('\n')
  const missing = /ModuleNotFoundError: No module named '([^']+)'/.exec(log)?.[1]
  if (!missing) return []
  const record = readJson<RunRecord>(join(folder, 'run.json'))
  const interpreter = record?.environment?.interpreter
  if (record?.interpreter === 'lab') {
    return [
      `the package ${missing} is not among the lab's (${interpreter ?? 'python'}): install it in a Python of your own, and name that as "interpreter" in .specweave/ml.yaml`,
    ]
  }
  return [
    `the package ${missing} is missing in ${interpreter ?? 'the project interpreter'}: install it there, or set "interpreter: lab" in .specweave/ml.yaml to use the lab's environment`,
  ]
}

/** Of a live run: how long it has been silent, where that is longer than ml.yaml's `stall_after_s`. */
export function stallWarning(folder: string, stallAfterS: number): string[] {
  const silent = Math.round(silentS(folder))
  return silent > stallAfterS ? [`stalled: nothing was logged for ${silent} s`] : []
}
