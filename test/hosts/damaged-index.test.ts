import { expect, it } from 'vitest'
import { z } from 'zod'
import { invokeTool } from '../../src/hosts/calls/invoke-tool.ts'
import { IndexDamaged } from '../../src/store/index-trouble.ts'
import type { ToolContext } from '../../src/tools/context.ts'
import { type AnyTool, defineTool, WRITES } from '../../src/tools/tool.ts'

/** Another program damages the index under the first calls. */
function met(damages: number, idempotentHint = true): { tool: AnyTool; calls: () => number } {
  let calls = 0
  const tool = defineTool({
    name: 'train_model',
    title: 'Train',
    description: 'Trains.',
    input: z.object({}),
    output: z.object({ calls: z.number() }),
    annotations: { ...WRITES, idempotentHint },
    command: { examples: [] },
    async handle() {
      if (++calls <= damages) throw new IndexDamaged('The index was damaged and has been thrown away.')
      return { calls }
    },
    render: () => '',
  })
  return { tool: tool as unknown as AnyTool, calls: () => calls }
}
const call = (tool: AnyTool) => invokeTool(tool, {}, {} as ToolContext, 'specweave-ml')

it('a call that met it again and again is made again while that changes nothing', async () => {
  expect(await call(met(3).tool)).toEqual({ calls: 4 })
})

it('one that meets it always is refused in words, and so is one that cannot be made twice', async () => {
  for (const [one, times] of [
    [met(100), 5],
    [met(1, false), 1],
  ] as const) {
    await expect(call(one.tool)).rejects.toMatchObject({ code: 'INDEX_UNWRITABLE' })
    expect(one.calls()).toBe(times)
  }
})
