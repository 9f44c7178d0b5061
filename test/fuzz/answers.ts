import { AjvJsonSchemaValidator } from '@modelcontextprotocol/sdk/validation/ajv'
import { expect } from 'vitest'
import { ERROR_CODES } from '../../src/core/errors.ts'
import type { JsonSchema } from '../../src/hosts/calls/json-schema.ts'
import { OUTSIDE_SECRET } from './place.ts'
import type { Reply, Wire } from './wire.ts'

export interface Published {
  name: string
  inputSchema: JsonSchema
  outputSchema: JsonSchema
  /** @returns what is wrong with an answer by the output schema. */
  problem(answer: unknown): string | undefined
}

const validator = new AjvJsonSchemaValidator()

/** The tools as a client is shown them. */
export async function publishedTools(wire: Wire): Promise<Published[]> {
  const { reply } = await wire.request('tools/list')
  const listed = reply.result?.tools as Omit<Published, 'problem'>[]
  return listed.map((tool) => {
    const check = validator.getValidator(tool.outputSchema as never)
    return {
      ...tool,
      problem(answer) {
        const { valid, errorMessage } = check(answer)
        return valid ? undefined : errorMessage
      },
    }
  })
}

/** Frames of a stack, modules of Node, our sources and our bundle. */
const STACK =
  /\n?\s{2,}at [^\n]{1,200}[:(]\d|node:internal|\bsrc\/(?:tools|runs|hosts|store|adapters|core|evidence|increments|reports)\/[\w/-]+\.ts|dist\/chunk|\[object Object\]/
// biome-ignore lint/suspicious/noControlCharactersInRegex: what a terminal would obey
const TERMINAL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/

/** Whatever is shown to a user or an assistant. */
export function expectShowable(text: string, given = ''): void {
  const stack = STACK.exec(text)
  if (stack && !given.includes(stack[0].trim())) expect.fail(`a stack trace is shown: ${text.slice(0, 3000)}`)
  expect(text, 'text from outside the workspace is shown').not.toContain(OUTSIDE_SECRET)
}

/** Nothing that a terminal obeys. */
export function expectNoControls(text: string): void {
  const found = TERMINAL.exec(text)
  if (found)
    expect.fail(`control character ${JSON.stringify(found[0])} in ${JSON.stringify(text.slice(0, 2000))}`)
}

/**
 * The answer of a call is well formed: what the tool publishes, or a refusal of our shape, or the protocol's error.
 * @returns the refusal's code, where it refused.
 */
export function expectAnswer(
  tool: Published,
  { reply, line }: { reply: Reply; line: string },
  given: unknown,
): string | undefined {
  expectShowable(unescaped(line), JSON.stringify(given) ?? '')
  if (reply.error) {
    expect(reply.error).toEqual({ code: expect.any(Number), message: expect.stringMatching(/^[^\n]+$/) })
    expect(reply.error.code, line.slice(0, 500)).toBe(-32602)
    return 'protocol'
  }
  const { isError, content, structuredContent } = reply.result!
  expect(content).toEqual([{ type: 'text', text: expect.any(String) }])
  expect(tool.problem(structuredContent), JSON.stringify(structuredContent).slice(0, 2000)).toBeUndefined()
  if (!isError) return undefined
  expectRefusal(structuredContent)
  return structuredContent?.code as string
}

export function expectRefusal(refusal: unknown): void {
  expect(refusal).toEqual(
    expect.objectContaining({
      code: expect.stringMatching(/^[A-Z_]+$/),
      message: expect.stringMatching(/[^\n]{5,}/),
      missing: expect.any(Array),
      invalid: expect.any(Array),
      next: expect.any(Array),
    }),
  )
  const { code, message } = refusal as { code: string; message: string }
  expect(Object.keys(ERROR_CODES)).toContain(code)
  expect(code, message).not.toBe('INTERNAL_DEFECT')
}

/** Newlines and escapes of a JSON text as a reader sees them. */
function unescaped(line: string): string {
  return line.replaceAll('\\n', '\n').replaceAll('\\"', '"')
}
