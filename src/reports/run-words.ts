import type { RunState } from '../core/run-state.ts'
import type { RunSummary } from '../core/run-summary.ts'
import { code, inline, oneLine } from './markdown-text.ts'

/** `0042/exp-005-tune/t0017` is `exp-005-tune/t0017` inside the documents of increment 0042. */
export function runLabel(run: string): string {
  const [, ...rest] = run.split('/')
  return rest.length > 0 ? rest.join('/') : run
}

export const STATE_WORDS: Readonly<Record<RunState, string>> = {
  queued: 'queued',
  starting: 'starting',
  running: 'running',
  evaluating: 'being evaluated',
  succeeded: 'succeeded',
  failed: 'failed',
  stopped: 'stopped',
  timed_out: 'timed out',
  lost: 'lost',
}

/** `exp-005-forest was lost: the process is gone`, for runs that did not succeed. */
export function endSentence(run: RunSummary): string {
  const verb = run.state === 'lost' || run.state === 'stopped' ? 'was ' : ''
  return `${codeLabel(run.run)} ${verb}${STATE_WORDS[run.state]}: ${endReason(run)}`
}

/** Why a run did not succeed, in one phrase of its record. */
export function endReason(run: RunSummary): string {
  if (run.reason) return inline(run.reason)
  if (run.exitCode !== undefined && run.exitCode !== 0) return `exit code ${run.exitCode}`
  return 'no reason was recorded'
}

/**
 * What people and scripts noted, without repeats, in the order of writing. Tracebacks are left out: the SDK keeps them
 * as notes, the run's reason says the same in a line, and their paths are of no use to a reader elsewhere.
 */
export function notesOf(run: RunSummary): string[] {
  const notes = run.notes.filter((note) => !/^\s*Traceback \(most recent call last\)/.test(note))
  return [...new Set(notes.map((note) => oneLine(note, 600)).filter(Boolean))].map((note) =>
    inline(note, 700),
  )
}

export function codeLabel(run: string): string {
  return code(runLabel(run), 120)
}
