import { refreshIndex } from '../../runs/refresh.ts'
import { openIndex } from '../../store/index-db.ts'
import { layoutOf } from '../../store/layout.ts'
import { unmeasured } from './claims.ts'
import { rememberSession } from './last-session.ts'
import type { HookInput, HookOutput } from './main.ts'
import { listed } from './session-start.ts'

/**
 * Before the assistant stops: a number that it gave as a result and that only a script reported is named once, to the assistant;
 * runs that go on are named to the user.
 */
export async function beforeStop(root: string, input: HookInput): Promise<HookOutput | undefined> {
  const layout = layoutOf(root)
  const index = await openIndex(layout)
  const live = refreshIndex({ layout }, index).map(({ run }) => run)
  rememberSession(root)
  const [wrong] = input.stop_hook_active ? [] : unmeasured(input.last_assistant_message ?? '', index)
  if (wrong)
    return {
      decision: 'block',
      reason: `SpecWeave ML: "${wrong.claim.text}" is what the script of ${wrong.run} reported; the lab has measured no such value. Say so, or give the measured value with its interval: get_run {"run": "${wrong.run}"}.`,
    }
  if (live.length === 0) return undefined
  return {
    systemMessage: `SpecWeave ML: ${listed(live)} ${live.length === 1 ? 'goes' : 'go'} on without this session.`,
  }
}
