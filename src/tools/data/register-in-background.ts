import { statSync } from 'node:fs'
import { JOB_ID } from '../../core/ids.ts'
import { lookAt } from '../../runs/index-run.ts'
import { schedule } from '../../runs/schedule.ts'
import { submitJob } from '../../runs/submit-job.ts'
import type { JobAnswer } from '../lab-ready.ts'
import type { Opened } from '../opened-workspace.ts'

/** What a call has time for, of the 45 s that clients wait: 100 MB of CSV take about 12 s on an idle core. */
const IN_CALL_BYTES = 100_000_000
const COMPRESSED = 5

/**
 * `register_dataset` of a long source as a job, for what takes longer than a call may last.
 * @param source absolute path of a file that is there.
 * @param input of the call.
 * @returns `undefined` where the call has time for it, or is this job.
 */
export function registerInBackground(
  { workspace, index }: Opened,
  source: string,
  input: Readonly<Record<string, unknown>>,
): JobAnswer | undefined {
  const bytes = statSync(source).size * (source.toLowerCase().endsWith('.gz') ? COMPRESSED : 1)
  if (bytes <= IN_CALL_BYTES || JOB_ID.test(process.env.SPECWEAVE_RUN ?? '')) return undefined
  const flags = Object.entries(input).flatMap(([field, value]) =>
    value === undefined
      ? []
      : [
          `--${field.replaceAll('_', '-')}=${typeof value === 'object' ? JSON.stringify(value) : String(value)}`,
        ],
  )
  const job = submitJob(workspace, index, ['register-dataset', ...flags, '--workspace', workspace.root])
  schedule(workspace, index)
  return {
    job: job.run,
    state: lookAt(job.folder)?.judgement.state ?? 'queued',
    next: [
      {
        tool: 'get_run',
        arguments: { run: job.run, wait_s: 40 },
        why: 'waits for the registration; its output names the version, the splits and the warnings',
      },
    ],
  }
}
