import { join } from 'node:path'
import { createExclusive } from '../adapters/files.ts'
import { processesOfRun, signal } from '../adapters/process/group.ts'
import { liveness } from '../adapters/process/identity.ts'
import { sleep } from '../core/clock.ts'
import { readFacts } from './facts.ts'
import type { StopRequest } from './record.ts'

/** How long a command may take to end after TERM, milliseconds. */
export const GRACE_MS = 10_000
const WRAPPER_GRACE_MS = 5000

/** Says that a run is to end; the first reason stands. It is written before the first signal. */
export function requestStop(folder: string, kind: StopRequest['kind'], reason: string): void {
  const request: StopRequest = { kind, reason, at: new Date().toISOString() }
  createExclusive(join(folder, 'stop.json'), `${JSON.stringify(request)}\n`)
}

/**
 * Ends a run's processes: TERM to the whole group and to what left it, KILL to what is left after the grace time. The
 * wrapper catches TERM and outlives the command, so that the exit code is recorded; it is killed last.
 * @returns whether a signal was sent.
 */
export async function endProcesses(folder: string, graceMs = GRACE_MS): Promise<boolean> {
  const started = readFacts(folder)?.started
  if (!started || started.never || liveness(started) === 'foreign') return false
  const wrapper = started.pid
  const wrapperLives = (): boolean => liveness(started) === 'alive'
  const others = (): number[] => processesOfRun(started, folder)
  let sent = false
  if (wrapperLives()) sent = signal(-wrapper, 'SIGTERM')
  for (const pid of others()) sent = signal(pid, 'SIGTERM') || sent
  if (!(await gone(() => others().length === 0, graceMs))) {
    for (let round = 0; round < 20 && others().length > 0; round++) {
      for (const pid of others()) signal(pid, 'SIGKILL')
      await sleep(100)
    }
  }
  if (!(await gone(() => !wrapperLives(), WRAPPER_GRACE_MS))) signal(wrapper, 'SIGKILL')
  return sent
}

async function gone(condition: () => boolean, withinMs: number): Promise<boolean> {
  for (const until = performance.now() + withinMs; ; ) {
    if (condition()) return true
    if (performance.now() >= until) return false
    await sleep(50)
  }
}
