import { setTimeout as sleep } from 'node:timers/promises'
import { isEnd } from '../../core/run-state.ts'
import type { AnyTool } from '../../tools/tool.ts'
import { type Answer, invokeTool } from '../calls/invoke-tool.ts'
import { EXIT } from './exit-codes.ts'
import { forPeople } from './for-people.ts'
import type { CliIo } from './io.ts'
import { paintWords } from './paint.ts'
import { screen } from './screen.ts'

interface Listed {
  runs: { run: string; state: string; reason?: string | null }[]
}

const INTERVAL_MS = 1000

/**
 * `list-runs --watch`: on a terminal the list drawn anew each second, elsewhere a line for each change of a state.
 * Ends with Ctrl-C; elsewhere than on a terminal also when nothing runs or waits any more.
 */
export async function watchRuns(listRuns: AnyTool, values: Answer, io: CliIo): Promise<number> {
  const block = io.terminal.stdout ? screen(io) : undefined
  const states = new Map<string, string>()
  while (!io.signal.aborted) {
    const answer = await invokeTool(listRuns, values, io.context(), io.program)
    const { runs } = answer as unknown as Listed
    if (block)
      block.draw([
        ...paintWords(forPeople(listRuns.render(answer).trimEnd()), io.colours).split('\n'),
        io.colours.dim('Ctrl-C ends the watching; runs go on'),
      ])
    else for (const run of runs) printChange(run, states, io)
    if (!block && !runs.some(({ state }) => !isEnd(state))) return EXIT.done
    await sleep(INTERVAL_MS, undefined, { signal: io.signal }).catch(() => {})
  }
  return EXIT.done
}

function printChange(
  { run, state, reason }: Listed['runs'][number],
  states: Map<string, string>,
  io: CliIo,
): void {
  if (states.get(run) === state) return
  states.set(run, state)
  io.out(`${run}  ${state}${reason ? `: ${reason}` : ''}`)
}
