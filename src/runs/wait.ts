import { sleep } from '../core/clock.ts'
import { isEnd } from '../core/run-state.ts'
import type { Index } from '../store/index-db.ts'
import type { FoundRun } from './find-run.ts'
import { indexRun } from './index-run.ts'

/** A tool call may not last longer: clients cut it off. */
export const LONGEST_WAIT_S = 40

/**
 * Waits until one or all of the runs have ended, the time is over, or the caller gave up.
 * @param settle called now and then, so that queued and orphaned runs go on.
 */
export async function waitForRuns(
  index: Index,
  runs: readonly FoundRun[],
  waitS: number,
  forWhich: 'any' | 'all',
  signal: AbortSignal,
  settle: () => void,
): Promise<void> {
  const until = Date.now() + Math.min(waitS, LONGEST_WAIT_S) * 1000
  for (let pause = 20; ; pause = Math.min(250, pause * 1.5)) {
    const ended = runs.filter(({ run, folder }) => {
      const look = indexRun(index, run, folder)
      // Judged ended is not enough: the end is whole when it is written down.
      return (
        !look ||
        (isEnd(look.judgement.state) && (look.facts.end !== undefined || look.facts.record.made_by !== 'lab'))
      )
    })
    if (ended.length === runs.length || (forWhich === 'any' && ended.length > 0)) return
    if (Date.now() >= until || signal.aborted) return
    await sleep(Math.min(pause, Math.max(1, until - Date.now())), signal)
    if (pause >= 250) settle()
  }
}
