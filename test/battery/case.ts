import type { Desk, Said, Setting } from './desk.ts'
import type { Kind } from './world.ts'

/** A piece of work, right or wrong, that the referee has to tell from the other sort. */
export interface Case {
  /** What is done, in a few words. */
  name: string
  kind: Kind
  setting?: Setting
  /** Played by `npm run battery` alone: it takes long, or another case shows nearly the same. */
  thorough?: true
  play(desk: Desk): Promise<unknown>
  /** For a wrongdoing: how it must be caught, at least one of these. An honest case has none, and must pass. */
  caught?: readonly Caught[]
  /** Why the referee does not notice this wrongdoing. Such a case fails when it is noticed after all, so that the mark goes. */
  missed?: string
}

/** What the referee noticed, and whether that keeps the work from passing. */
export interface Notice {
  how: string
  blocks: boolean
}

export type Caught = (said: Said) => Notice | undefined

/** A check of the last verdict that does not pass. @param words that its message must hold, where its id is not enough */
export const check =
  (id: string, status: 'fail' | 'missing' | 'pending_approval', words?: RegExp): Caught =>
  ({ checks }) => {
    const found = checks.find(
      (one) => one.id === id && one.status === status && (!words || words.test(one.message)),
    )
    return found && { how: `${id}: ${status}`, blocks: true }
  }

export const refused =
  (code: string, words?: RegExp): Caught =>
  ({ refusals }) =>
    refusals.some((one) => one.code === code && (!words || words.test(one.message)))
      ? { how: `refused: ${code}`, blocks: true }
      : undefined

/** What `verify --recompute` finds, which CI runs. */
export const recomputed =
  (words: RegExp): Caught =>
  ({ recomputed: said }) =>
    said && words.test(said) ? { how: `verify --recompute: ${words.source}`, blocks: true } : undefined

/** What is said and does not block, in a warning or in the message of a check that passes. */
export const warned =
  (words: RegExp): Caught =>
  ({ warnings, checks }) =>
    [...warnings, ...checks.map(({ message }) => message)].some((one) => words.test(one))
      ? { how: `named: ${words.source}`, blocks: false }
      : undefined

/** That nothing was called better than anything: the right answer to noise. */
export const nothingBetter: Caught = ({ differences }) =>
  differences.length > 0 && differences.every(({ verdict }) => verdict === 'no_difference_shown')
    ? { how: 'no difference shown', blocks: true }
    : undefined

export interface Outcome {
  case: string
  wrong: boolean
  variant: number
  /** Of a wrongdoing: `blocked` where what noticed it lets nothing pass, `named` where it was said and does not block. */
  result: 'blocked' | 'named' | 'missed' | 'passed' | 'false alarm'
  how: string
}

/** @returns what became of it. Whether something else kept a wrongdoing from passing, such as no baseline, counts for nothing. */
export function outcomeOf({ name, caught }: Case, said: Said, variant: number): Outcome {
  const base = { case: name, wrong: caught !== undefined, variant }
  const open = said.checks
    .filter(({ status }) => status !== 'pass')
    .map(({ id, status, message }) => `${id} ${status}: ${message}`)
  if (caught) {
    const found = caught.flatMap((one) => one(said) ?? [])
    const how = found.map((one) => one.how).join(', ')
    if (found.length === 0) return { ...base, result: 'missed', how: `${said.verdict}; ${open.join('; ')}` }
    return { ...base, result: found.some(({ blocks }) => blocks) ? 'blocked' : 'named', how }
  }
  if (said.verdict === 'pass') return { ...base, result: 'passed', how: '' }
  return {
    ...base,
    result: 'false alarm',
    how: [...said.refusals.map(({ code, message }) => `${code}: ${message}`), ...open].join('; '),
  }
}
