import type { EndState } from '../core/run-state.ts'
import type { Exit, RunFacts, StopRequest } from './record.ts'

export interface Ending {
  state: EndState
  reason: string | null
}

/**
 * How a run ended, from what is known when its command is gone. What the script said of itself may lower the outcome,
 * never raise it.
 */
export function endingOf(facts: Pick<RunFacts, 'exit' | 'started' | 'stop' | 'status'>): Ending {
  const { exit, started, stop, status } = facts
  if (started?.never) return started.never
  if (!exit) {
    if (stop) return fromStop(stop)
    return { state: 'lost', reason: 'its process ended without leaving an exit code' }
  }
  if (stop && exit.exit_code !== 0) return fromStop(stop)
  if (exit.exit_code !== 0) {
    const said = status?.value === 'failed' && status.reason ? `: ${firstLine(status.reason)}` : ''
    return { state: 'failed', reason: `${describeExit(exit)}${said}` }
  }
  if (status?.value === 'failed') {
    return {
      state: 'failed',
      reason: status.reason ? firstLine(status.reason) : 'the script set the status failed',
    }
  }
  return { state: 'succeeded', reason: null }
}

function fromStop(stop: StopRequest): Ending {
  return stop.kind === 'timeout'
    ? { state: 'timed_out', reason: stop.reason }
    : { state: 'stopped', reason: stop.reason }
}

const SIGNALS: Record<number, string> = {
  1: 'hangup',
  2: 'interrupted',
  6: 'aborted',
  9: 'killed or out of memory',
  11: 'segmentation fault',
  15: 'terminated',
}

/** Codes above 128 are shown as what they may mean: a shell reports a signal so, but a program may choose the number too. */
export function describeExit(exit: Exit): string {
  const { exit_code: code } = exit
  if (code === 126) return 'exit code 126 (the command cannot be executed)'
  if (code === 127) return 'exit code 127 (the command was not found)'
  if (code > 128 && code < 160) {
    const meaning = SIGNALS[code - 128]
    return `exit code ${code} (128+${code - 128}${meaning ? `, ${meaning}` : ''})`
  }
  return `exit code ${code}`
}

function firstLine(text: string): string {
  return text.trim().split('\n').at(-1)?.slice(0, 300) ?? ''
}
