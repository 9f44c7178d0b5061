import { text } from 'node:stream/consumers'
import { workspaceRoot } from '../calls/find-workspace.ts'

/** What an assistant hands to a hook, as far as it is used here. */
export interface HookInput {
  cwd?: string
  /** Whether the assistant goes on only because this hook stopped it before. */
  stop_hook_active?: boolean
  last_assistant_message?: string
  tool_input?: { file_path?: string; notebook_path?: string }
}

/** What the assistant or its user is told; see the reference of Claude Code's hooks. */
export interface HookOutput {
  systemMessage?: string
  decision?: 'block'
  reason?: string
  hookSpecificOutput?: { hookEventName: string; additionalContext: string }
}

export type Hook = (root: string, input: HookInput) => Promise<HookOutput | undefined>

const HOOKS: Readonly<Record<string, () => Promise<Hook>>> = {
  'session-start': async () => (await import('./session-start.ts')).sessionStart,
  'before-stop': async () => (await import('./before-stop.ts')).beforeStop,
  'edited-file': async () => (await import('./edited-file.ts')).editedFile,
}

/**
 * `specweave-ml hook NAME`, or `node dist/hook.cjs NAME`, with the event as JSON on stdin: prints what there is to say, as JSON, or nothing. A hook that has
 * trouble of its own says nothing either: the assistant's work does not depend on it.
 */
export async function main(argv: string[]): Promise<number> {
  const load = HOOKS[argv[argv[0] === 'hook' ? 1 : 0] ?? '']
  if (!load) {
    console.error(`Usage: specweave-ml hook ${Object.keys(HOOKS).join('|')}, with the event as JSON on stdin`)
    return 2
  }
  try {
    const input = JSON.parse(await text(process.stdin)) as HookInput
    const root = workspaceRoot({ folder: input.cwd ?? process.cwd(), named: false })
    const output = root && (await (await load())(root, input))
    if (output) process.stdout.write(`${JSON.stringify(output)}\n`)
  } catch (cause) {
    if (process.env.SPECWEAVE_HOOK_DEBUG) console.error(cause)
  }
  return 0
}
