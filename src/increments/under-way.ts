import type { NextStep } from '../core/errors.ts'
import type { GateFacts } from './gate-facts.ts'

/** What has not ended and will say more of the candidate: its evaluation's jobs and its control, by their ids. */
export function underWay({ jobs, control }: Pick<GateFacts, 'jobs' | 'control'>): string[] {
  const running = control?.measured ? undefined : control?.running
  return [...new Set([jobs?.test, jobs?.cost, running])].filter((run) => run !== undefined)
}

export function waitFor(runs: readonly string[]): NextStep {
  const [only] = runs
  return {
    tool: 'get_run',
    arguments: { run: runs.length === 1 ? only : runs, wait_s: 40 },
    why: `waits for what is under way (${runs.join(', ')})`,
  }
}
