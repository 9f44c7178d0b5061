import { expect } from 'vitest'
import { checkInput } from '../../src/hosts/calls/check-input.ts'
import { tools } from '../../src/tools/registry.ts'
import type { Product, Refused } from './product.ts'

/** A call with something wrong in it, and how it has to be refused. */
export interface Bad {
  what: string
  tool: string
  args: object
  code: string
  /** In the message or in the list of what is wrong: what to do, or what was nearest. */
  says: string | RegExp
}

/** The call is refused as described, says what to do, and leaves every file as it was. */
export async function expectRefused(product: Product, { tool, args, code, says }: Omit<Bad, 'what'>) {
  const before = product.tree()
  const refusal = await product.refusal(tool, args)
  const after = product.tree()
  expectHelpful(refusal, code, says)
  expect(after).toEqual(before)
  return refusal
}

/** A refusal names its code, what was wrong and what to do; the calls that it proposes are well formed. */
export function expectHelpful(refusal: Refused, code: string, says: string | RegExp): void {
  const { message, missing, invalid, next } = refusal
  expect({ code: refusal.code, message }).toEqual({ code, message: expect.stringMatching(/^[^\n]{10,}/) })
  const wrong = invalid.map(({ field, problem }) => `${field}: ${problem}`)
  const whole = [message, ...missing, ...wrong, ...next.map((step) => JSON.stringify(step))].join('\n')
  expect(whole).toMatch(says)
  expect(whole, 'a stack trace or an object is no message').not.toMatch(
    /\n\s+at |\[object |node:internal|undefined/,
  )
  expect(missing.length + invalid.length + next.length, 'says what to do').toBeGreaterThan(0)
  for (const step of next) {
    if (!('tool' in step)) continue
    const proposed = tools.find(({ name }) => name === step.tool)
    expect(proposed, step.tool).toBeDefined()
    if (proposed) checkInput(proposed, step.arguments)
  }
}
