import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js'
import { Refusal } from '../../core/errors.ts'
import type { ToolContext } from '../../tools/context.ts'
import type { AnyTool } from '../../tools/tool.ts'
import { type Answer, invokeTool, refusalOf } from '../calls/invoke-tool.ts'

/** Clients cut answers off at 10,000 tokens; tools stay below that, and this is the net under them. */
export const MAX_TEXT = 38_000

export interface CallOptions {
  readOnly: boolean
  invocation: string
}

/** One tools/call: an answer, or a refusal as a result with `isError`. Never throws. */
export async function callTool(
  tool: AnyTool,
  raw: unknown,
  context: () => Promise<ToolContext>,
  options: CallOptions,
): Promise<CallToolResult> {
  try {
    if (options.readOnly && !tool.annotations.readOnlyHint) throw readOnlyServer(tool)
    const answer = await invokeTool(tool, raw, await context(), options.invocation)
    return { content: [{ type: 'text', text: shortened(tool.render(answer)) }], structuredContent: answer }
  } catch (thrown) {
    return refusedResult(refusalOf(thrown, tool.name, options.invocation))
  }
}

export function refusedResult(refusal: Refusal): CallToolResult {
  const structured = refusal.toJSON() as unknown as Answer
  return {
    isError: true,
    content: [{ type: 'text', text: shortened(JSON.stringify(structured)) }],
    structuredContent: structured,
  }
}

function readOnlyServer(tool: AnyTool): Refusal {
  return new Refusal(
    'READ_ONLY_SERVER',
    `${tool.name} changes the workspace, and this server was started with --read-only.`,
    { next: [{ person: 'specweave-ml serve', why: 'a server that may change the workspace' }] },
  )
}

export function shortened(text: string, limit = MAX_TEXT): string {
  if (text.length <= limit) return text
  const note = `\n[shortened: ${text.length - limit} more characters are left out; ask for less, or for the next part]`
  return text.slice(0, limit - note.length) + note
}
