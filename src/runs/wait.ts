import { type FSWatcher, watch } from 'node:fs'
import { sleep } from '../core/clock.ts'
import { isEnd } from '../core/run-state.ts'
import type { Index } from '../store/index-db.ts'
import type { FoundRun } from './find-run.ts'
import { indexRun } from './index-run.ts'

/** A tool call may not last longer: clients cut it off. */
export const LONGEST_WAIT_S = 40

/** More folders than these are only looked at now and then: systems allow each user so many watches. */
const MOST_WATCHED = 50

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
  const until = performance.now() + Math.min(waitS, LONGEST_WAIT_S) * 1000
  const ended = (): number =>
    runs.filter(({ run, folder }) => {
      const look = indexRun(index, run, folder)
      if (!look) return true
      const { made_by, children } = look.facts.record
      // A record that only gathers its children has no end of its own.
      if (made_by !== 'lab' || children) return isEnd(look.judgement.state)
      // Judged ended is not enough: the end is whole when it is written down.
      return look.facts.end !== undefined && !look.facts.unfinished
    }).length
  const enough = (): boolean => {
    const count = ended()
    return count === runs.length || (forWhich === 'any' && count > 0)
  }
  if (enough()) return
  const watched = new EndWatch(runs)
  try {
    for (let pause = 20; ; pause = Math.min(250, pause * 1.5)) {
      if (enough() || performance.now() >= until || signal.aborted) return
      await watched.wait(Math.min(pause, Math.max(1, until - performance.now())), signal)
      if (pause >= 250) settle()
    }
  } finally {
    watched.close()
  }
}

/**
 * Ends a wait early when an end is written in one of the folders. Only a hint: where a system has no such notices, the
 * next look comes a little later.
 */
class EndWatch {
  readonly #watchers: FSWatcher[] = []
  #wake: () => void = () => {}

  constructor(runs: readonly FoundRun[]) {
    for (const { folder } of runs.slice(0, MOST_WATCHED)) {
      try {
        const watcher = watch(folder, { persistent: false }, (_event, name) => {
          if (name === 'end.json' || name === '.gitignore') this.#wake()
        })
        this.#watchers.push(watcher.on('error', () => watcher.close()))
      } catch {
        return
      }
    }
  }

  async wait(ms: number, signal: AbortSignal): Promise<void> {
    const woken = new AbortController()
    this.#wake = () => woken.abort()
    await sleep(ms, AbortSignal.any([signal, woken.signal]))
  }

  close(): void {
    for (const watcher of this.#watchers) watcher.close()
  }
}
