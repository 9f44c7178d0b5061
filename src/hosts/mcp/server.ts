import { Server } from '@modelcontextprotocol/sdk/server/index.js'
import {
  CallToolRequestSchema,
  ErrorCode,
  ListToolsRequestSchema,
  McpError,
} from '@modelcontextprotocol/sdk/types.js'
import { Refusal } from '../../core/errors.ts'
import { showable } from '../../core/untrusted-text.ts'
import type { ToolContext } from '../../tools/context.ts'
import type { AnyTool } from '../../tools/tool.ts'
import { findTool } from '../calls/find-tool.ts'
import { openWorkspaceAt, type Place } from '../calls/find-workspace.ts'
import { packageManifest } from '../calls/package-manifest.ts'
import { callTool } from './call-tool.ts'
import { personAt } from './elicitation.ts'
import { INSTRUCTIONS } from './instructions.ts'
import { sessionPlace } from './place.ts'
import { progressNotices } from './progress.ts'
import { servePrompts } from './prompt-handlers.ts'
import { serveResources } from './resource-handlers.ts'

export interface ServerOptions {
  /** Asked for when a client first needs the tools, so that `initialize` is answered before they are loaded. */
  tools: () => Promise<readonly AnyTool[]>
  readOnly: boolean
  /** Whether commands and skills are offered as prompts and resources; a plugin has them as its own. */
  prompts: boolean
  /** The folder that the user named, where one was. */
  named: Place | undefined
  invocation: string
  /** Aborted when the host is asked to end: what still waits shall answer now. */
  ending: AbortSignal
}

/** A server that speaks for the registry; connect it to a transport. */
export function makeServer(options: ServerOptions): Server {
  const server = new Server(
    { name: 'specweave-ml', title: 'SpecWeave ML', version: packageManifest().version },
    {
      capabilities: {
        tools: {},
        resources: { subscribe: true, listChanged: true },
        ...(options.prompts ? { prompts: {} } : {}),
        completions: {},
      },
      instructions: INSTRUCTIONS,
      jsonSchemaValidator: {
        // The shape of an elicitation's answer is checked where it is asked for, with zod.
        getValidator: () => (input) => ({ valid: true, data: input as never, errorMessage: undefined }),
      },
    },
  )
  const place = sessionPlace(server, options.named)
  serveTools(server, place, options)
  serveResources(server, place, options.prompts)
  if (options.prompts) servePrompts(server)
  return server
}

function serveTools(server: Server, place: () => Promise<Place>, options: ServerOptions): void {
  server.setRequestHandler(ListToolsRequestSchema, async () => {
    const [tools, { toolPage }] = await Promise.all([options.tools(), import('./tool-page.ts')])
    return {
      tools: toolPage(options.readOnly ? tools.filter((tool) => tool.annotations.readOnlyHint) : tools),
    }
  })
  server.setRequestHandler(CallToolRequestSchema, async ({ params }, extra) => {
    const tool = toolNamed(await options.tools(), params.name)
    const signal = AbortSignal.any([extra.signal, options.ending])
    const progress = progressNotices(params._meta?.progressToken, extra.sendNotification)
    const context = () => contextOf(server, place, options.readOnly, signal, progress)
    return callTool(tool, params.arguments, context, options)
  })
}

async function contextOf(
  server: Server,
  place: () => Promise<Place>,
  readOnly: boolean,
  signal: AbortSignal,
  progress: ToolContext['progress'],
): Promise<ToolContext> {
  const found = await place()
  const askPerson = personAt(server)
  return {
    workspace: async () => {
      const workspace = await openWorkspaceAt(found)
      return readOnly ? { ...workspace, readOnly } : workspace
    },
    home: found,
    signal,
    progress,
    ...(askPerson ? { askPerson } : {}),
  }
}

/** The protocol wants an error for a tool that does not exist, not a result. */
function toolNamed(tools: readonly AnyTool[], name: string): AnyTool {
  try {
    return findTool(tools, name)
  } catch (refusal) {
    if (refusal instanceof Refusal) {
      const shown = showable(refusal.toJSON())
      throw new McpError(ErrorCode.InvalidParams, shown.message, shown)
    }
    throw refusal
  }
}
