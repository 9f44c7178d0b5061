import { isEnd } from '../core/run-state.ts'
import type { Judgement } from './judge.ts'

/** One child run, as its parent sees it; no judgement where its folder is gone. */
export interface Child {
  name: string
  judgement: Judgement | undefined
}

/** The state of a record that only gathers child runs (seeds): what its children say together. */
export function judgeGroup(children: readonly Child[]): Judgement {
  const states = children.map(({ judgement }) => judgement?.state ?? 'lost')
  const count = (state: string): number => states.filter((one) => one === state).length
  if (states.every(isEnd)) {
    const succeeded = count('succeeded')
    const counted = `${succeeded} of ${states.length} children succeeded`
    if (succeeded === states.length) return { state: 'succeeded', reason: counted, owner: 'none' }
    const stopped = count('stopped') > 0 && count('stopped') + succeeded === states.length
    const reason = `${counted}; ${inWords(firstFailed(children))}`
    return { state: stopped ? 'stopped' : 'failed', reason, owner: 'none' }
  }
  return { state: states.every((state) => state === 'queued') ? 'queued' : 'running', owner: 'none' }
}

/** The first child that ended without success; one that somebody stopped only where none failed by itself. */
export function firstFailed<C extends Child>(children: readonly C[]): C | undefined {
  const ended = children.filter(({ judgement }) => {
    const state = judgement?.state ?? 'lost'
    return isEnd(state) && state !== 'succeeded'
  })
  return ended.find(({ judgement }) => judgement?.state !== 'stopped') ?? ended[0]
}

function inWords(child: Child | undefined): string {
  const { state = 'lost', reason } = child?.judgement ?? {}
  return `${child?.name} ${state}${reason ? `: ${reason}` : ''}`
}
