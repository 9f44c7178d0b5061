import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { asRefusal, makeFolder, temporaryName } from '../adapters/files.ts'
import { canonicalJson } from '../core/canonical-json.ts'
import { JOB_ID, padNumber } from '../core/ids.ts'
import type { Index } from '../store/index-db.ts'
import { sql } from '../store/schema.ts'
import type { Workspace } from '../store/workspace.ts'
import type { FoundRun } from './find-run.ts'
import { indexRun, LIVE_STATES } from './index-run.ts'
import type { RunRecord } from './record.ts'
import { thisProgram } from './supervisors.ts'

/**
 * Queues long work of a tool as a job: this program with other arguments, with a run's life, logs and end. The same
 * work that is queued or running already is that job.
 * @param args of this program, such as `['setup']`.
 */
export function submitJob(workspace: Workspace, index: Index, args: readonly string[]): FoundRun {
  const command = [...thisProgram(), ...args]
  const request = requestOf(args)
  const live = liveJob(index, args)
  if (live) return live
  const { jobs } = workspace.layout
  makeFolder(jobs)
  for (;;) {
    const highest = Math.max(0, ...readdirSync(jobs).map((name) => Number(JOB_ID.exec(name)?.[1] ?? 0)))
    const run = `job-${padNumber(highest + 1, 3)}`
    const temporary = join(jobs, temporaryName('new'))
    const folder = join(jobs, run)
    try {
      mkdirSync(join(temporary, 'logs'), { recursive: true })
      mkdirSync(join(temporary, 'events'))
      writeFileSync(
        join(temporary, 'run.json'),
        `${JSON.stringify(jobRecord(run, command, request), undefined, 2)}\n`,
      )
      renameSync(temporary, folder)
    } catch (cause) {
      rmSync(temporary, { recursive: true, force: true })
      const { code } = cause as NodeJS.ErrnoException
      if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw asRefusal(cause, folder)
      continue
    }
    indexRun(index, run, folder)
    return { run, folder }
  }
}

function requestOf(args: readonly string[]): string {
  return createHash('sha256')
    .update(canonicalJson({ job: args }))
    .digest('hex')
}

/** The job that does this work, where it has not ended. */
export function liveJob(index: Index, args: readonly string[]): FoundRun | undefined {
  return index.first(
    sql
      .selectFrom('runs')
      .select(['run', 'folder'])
      .where('request', '=', requestOf(args))
      .where('state', 'in', LIVE_STATES as string[]),
  )
}

function jobRecord(run: string, command: string[], request: string): RunRecord {
  return {
    format: 1,
    run,
    created: new Date().toISOString(),
    made_by: 'lab',
    command,
    cwd: '.',
    params: {},
    dataset: null,
    seed: null,
    parent: null,
    previous: null,
    baseline: null,
    timeout_s: null,
    resources: { cpus: 1, gpus: 0, memory_gb: null },
    metrics_from: [],
    env: {},
    request,
  }
}
