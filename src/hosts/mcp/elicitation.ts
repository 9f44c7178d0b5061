import type { Server } from '@modelcontextprotocol/sdk/server/index.js'
import { ElicitResultSchema } from '@modelcontextprotocol/sdk/types.js'
import { z } from 'zod'
import type { PersonAnswer, PersonQuestion, ToolContext } from '../../tools/context.ts'

/** People answer when they answer: the longest time that a timer can count. */
const NO_TIMEOUT_MS = 2 ** 31 - 1

const Given = z.object({ decision: z.enum(['approve', 'refuse']), reason: z.string().max(2000).optional() })

/** How the person at this client is asked; `undefined` where the client cannot show a form. */
export function personAt(server: Server): ToolContext['askPerson'] {
  const offered = server.getClientCapabilities()?.elicitation
  // Clients of before the two modes declare an empty object, and mean forms.
  if (!offered || (offered.url && !offered.form)) return undefined
  return (question) => ask(server, question)
}

async function ask(server: Server, question: PersonQuestion): Promise<PersonAnswer | undefined> {
  const { action, content } = await server.request(
    {
      method: 'elicitation/create',
      params: {
        message: question.message,
        requestedSchema: {
          type: 'object',
          properties: {
            decision: { type: 'string', title: 'Decision', enum: ['approve', 'refuse'] },
            ...(question.reason
              ? { reason: { type: 'string', title: 'Reason', minLength: 1, maxLength: 2000 } }
              : {}),
          },
          required: ['decision', ...(question.reason ? ['reason'] : [])],
        },
      },
    },
    ElicitResultSchema,
    { timeout: NO_TIMEOUT_MS },
  )
  const given = Given.safeParse(content)
  if (action !== 'accept' || !given.success) return undefined
  return { yes: given.data.decision === 'approve', reason: given.data.reason }
}
