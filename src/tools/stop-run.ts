import { z } from 'zod'
import { safeText } from '../core/untrusted-text.ts'
import { openedToWrite } from './opened-workspace.ts'
import { SCRIPTS_WORDS } from './runs/run-view.ts'
import { defineTool } from './tool.ts'

export const stopRun = defineTool({
  name: 'stop_run',
  title: 'Stop a run',
  description:
    'Ends a queued or running run with its whole process group: TERM, then KILL after 10 s. What it logged and saved stays. A run that has ended already is left as it is.',
  input: z.object({
    run: z.string().min(1).max(300),
    reason: z.string().max(2000).default('stopped on request').describe('kept in the record'),
  }),
  output: z.object({ run: z.string(), state: z.string(), reason: z.string().nullish() }),
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
  command: {
    positional: ['run'],
    examples: ['specweave-ml stop-run 0042/exp-003-xgboost --reason "loss diverged"'],
  },
  async handle({ run: typed, reason }, context) {
    const { workspace, index } = await openedToWrite(context)
    const [{ schedule }, { findRun }, { stopOne }] = await Promise.all([
      import('../runs/schedule.ts'),
      import('../runs/find-run.ts'),
      import('../runs/stop-one.ts'),
    ])
    schedule(workspace, index)
    const found = findRun(index, typed)
    const state = await stopOne(workspace, index, found, safeText(reason), context.signal)
    schedule(workspace, index)
    return { run: found.run, ...state }
  },
  render: ({ run, state, reason }) => `${run}: ${state}${reason ? `: ${reason}\n${SCRIPTS_WORDS}` : ''}`,
})
