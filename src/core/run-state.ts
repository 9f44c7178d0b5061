/** The states of a run's life; the last five are ends. */
export const RUN_STATES = [
  'queued',
  'starting',
  'running',
  'evaluating',
  'succeeded',
  'failed',
  'stopped',
  'timed_out',
  'lost',
] as const

export type RunState = (typeof RUN_STATES)[number]
export type EndState = 'succeeded' | 'failed' | 'stopped' | 'timed_out' | 'lost'

const ENDS: ReadonlySet<string> = new Set(['succeeded', 'failed', 'stopped', 'timed_out', 'lost'])

/** Whether a run in this state is over. */
export function isEnd(state: string): state is EndState {
  return ENDS.has(state)
}
