import type { Server } from '@modelcontextprotocol/sdk/server/index.js'
import {
  ErrorCode,
  GetPromptRequestSchema,
  ListPromptsRequestSchema,
  McpError,
} from '@modelcontextprotocol/sdk/types.js'
import { nearest } from '../../core/ids.ts'

/** The commands of commands/ and the skills, read when somebody asks for them. */
export function servePrompts(server: Server): void {
  server.setRequestHandler(ListPromptsRequestSchema, async () => {
    const { promptFiles } = await import('./prompts.ts')
    return { prompts: promptFiles().map(({ body: _body, ...prompt }) => prompt) }
  })
  server.setRequestHandler(GetPromptRequestSchema, async ({ params }) => {
    const { fillPrompt, promptFiles } = await import('./prompts.ts')
    const prompts = promptFiles()
    const prompt = prompts.find(({ name }) => name === params.name)
    if (!prompt) {
      const close = nearest(
        params.name,
        prompts.map(({ name }) => name),
      )
      const hint = close.length > 0 ? ` Did you mean ${close.join(', ')}?` : ''
      throw new McpError(ErrorCode.InvalidParams, `There is no prompt "${params.name.slice(0, 60)}".${hint}`)
    }
    const values = params.arguments ?? {}
    const lacking = prompt.arguments.filter(({ name, required }) => required && !values[name]?.trim())
    if (lacking.length > 0)
      throw new McpError(
        ErrorCode.InvalidParams,
        `The prompt ${prompt.name} needs ${lacking.map(({ name }) => name).join(', ')}.`,
      )
    const text = fillPrompt(prompt, values)
    return { description: prompt.description, messages: [{ role: 'user', content: { type: 'text', text } }] }
  })
}
