import type { Server } from '@modelcontextprotocol/sdk/server/index.js'
import {
  CompleteRequestSchema,
  ErrorCode,
  ListResourcesRequestSchema,
  ListResourceTemplatesRequestSchema,
  McpError,
  ReadResourceRequestSchema,
  SubscribeRequestSchema,
  UnsubscribeRequestSchema,
} from '@modelcontextprotocol/sdk/types.js'
import { Refusal } from '../../core/errors.ts'
import { type Layout, layoutOf } from '../../store/layout.ts'
import { type Place, workspaceRoot } from '../calls/find-workspace.ts'
import { refusalOf } from '../calls/invoke-tool.ts'
import { completions } from './completion.ts'
import { readAddress, SKILL_TEMPLATES, TEMPLATES } from './resource-addresses.ts'
import { listResources } from './resource-list.ts'
import { listStamp, ResourceWatch, stampOf } from './resource-watch.ts'
import { readPackaged, readResource } from './resources.ts'

const PAGE = 200
/** The protocol's code for a resource that does not exist. */
const RESOURCE_NOT_FOUND = -32002
const THE_LIST = 'list'

/**
 * Resources, their templates, completion, subscriptions and change notices.
 * @param skills whether the skills are offered; an address of one can be read in any case
 */
export function serveResources(server: Server, place: () => Promise<Place>, skills: boolean): void {
  const layout = async (): Promise<Layout | undefined> => {
    const root = workspaceRoot(await place())
    return root ? layoutOf(root) : undefined
  }
  const watch = new ResourceWatch((key) => {
    const told =
      key === THE_LIST ? server.sendResourceListChanged() : server.sendResourceUpdated({ uri: key })
    told.catch(() => {})
  })

  server.setRequestHandler(ListResourcesRequestSchema, async ({ params }) => {
    const ofSkills = skills ? (await import('./skill-list.ts')).skillEntries() : []
    const all = listResources(await layout(), ofSkills)
    // Whoever has asked for the list is told when it changes.
    await watch.add(THE_LIST, async () => listStamp(await layout()))
    const from = readCursor(params?.cursor)
    const resources = all.slice(from, from + PAGE)
    return from + PAGE < all.length ? { resources, nextCursor: String(from + PAGE) } : { resources }
  })
  server.setRequestHandler(ListResourceTemplatesRequestSchema, () => ({
    resourceTemplates: [...TEMPLATES, ...(skills ? SKILL_TEMPLATES : [])],
  }))
  server.setRequestHandler(ReadResourceRequestSchema, ({ params }) =>
    answered(params.uri, async () => {
      const found =
        readPackaged(params.uri) ?? readResource(requireLayout(await layout(), params.uri), params.uri)
      const { note, ...content } = found
      const marks = note ? [{ uri: params.uri, mimeType: 'text/plain', text: note }] : []
      return { contents: [content, ...marks] }
    }),
  )
  server.setRequestHandler(SubscribeRequestSchema, ({ params }) =>
    answered(params.uri, async () => {
      readAddress(params.uri)
      await watch.add(params.uri, async () => {
        const found = await layout()
        return found ? stampOf(found, params.uri) : ''
      })
      return {}
    }),
  )
  server.setRequestHandler(UnsubscribeRequestSchema, ({ params }) => {
    watch.remove(params.uri)
    return {}
  })
  server.setRequestHandler(CompleteRequestSchema, async ({ params }) => {
    const { argument, context } = params
    return { completion: completions(await layout(), argument.name, argument.value, context?.arguments) }
  })
}

function requireLayout(layout: Layout | undefined, uri: string): Layout {
  if (layout) return layout
  throw new Refusal('RESOURCE_UNKNOWN', `There is no ${uri.slice(0, 300)}: no workspace was found.`)
}

function readCursor(cursor: string | undefined): number {
  if (cursor === undefined) return 0
  if (/^\d{1,9}$/.test(cursor)) return Number(cursor)
  throw new McpError(ErrorCode.InvalidParams, 'the cursor is not one that this server gave')
}

/** Refusals become protocol errors that carry the refusal as data. */
async function answered<T>(uri: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (thrown) {
    const refusal = refusalOf(thrown, `reading ${uri.slice(0, 300)}`, 'specweave-ml')
    throw new McpError(codeOf(refusal), refusal.message, { uri, ...refusal.toJSON() })
  }
}

function codeOf({ code }: Refusal): number {
  if (code === 'INTERNAL_DEFECT') return ErrorCode.InternalError
  return code.endsWith('_UNKNOWN') ? RESOURCE_NOT_FOUND : ErrorCode.InvalidParams
}
