import { isEnd } from '../core/run-state.ts'
import type { Judgement } from './judge.ts'

/** The state of a record that only gathers child runs (seeds): what its children say together. */
export function judgeGroup(children: readonly (Judgement | undefined)[]): Judgement {
  const states = children.map((child) => child?.state ?? 'lost')
  const count = (state: string): number => states.filter((one) => one === state).length
  if (states.every(isEnd)) {
    const succeeded = count('succeeded')
    const reason = `${succeeded} of ${states.length} children succeeded`
    if (succeeded === states.length) return { state: 'succeeded', reason, owner: 'none' }
    const stopped = count('stopped') > 0 && count('stopped') + succeeded === states.length
    return { state: stopped ? 'stopped' : 'failed', reason, owner: 'none' }
  }
  return { state: states.every((state) => state === 'queued') ? 'queued' : 'running', owner: 'none' }
}
