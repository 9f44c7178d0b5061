import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { Refusal } from '../../src/core/errors.ts'
import { type AnyTool, defineTool, READ_ONLY, renderNext, WRITES } from '../../src/tools/tool.ts'

/** Tools with every kind of field and every way to end, for tests of the hosts. */
const trainModel = defineTool({
  name: 'train_model',
  title: 'Train a model',
  description: 'Trains a sample model.',
  input: z.object({
    name: z.string().min(1).describe('what to call it'),
    problem_type: z.enum(['classification', 'regression']).default('classification'),
    command: z.array(z.string()).optional().describe('argv'),
    params: z.record(z.string(), z.unknown()).optional(),
    env: z.record(z.string(), z.string()).optional(),
    resources: z
      .object({ cpus: z.number().optional(), gpus: z.number().int().optional() })
      .strict()
      .optional(),
    metrics: z.array(z.string()).optional(),
    seeds: z.array(z.number().int()).optional(),
    experiments: z.array(z.object({ name: z.string(), lr: z.number().optional() }).strict()).optional(),
    again: z.boolean().optional(),
    wait_s: z.number().min(0).max(45).optional(),
  }),
  output: z.object({
    run: z.string(),
    given: z.record(z.string(), z.unknown()),
    ci: z.tuple([z.number(), z.number()]).optional(),
    next: z.array(z.record(z.string(), z.unknown())),
  }),
  annotations: WRITES,
  command: {
    positional: ['name'],
    examples: ['specweave-ml train-model churn --params lr=0.1 -- python train.py --lr {lr}'],
  },
  async handle(input, context) {
    context.progress('half way', 0.5)
    // The client's SDK drops progress that comes in one piece with the answer.
    await sleep(20)
    return {
      run: '0042/exp-001-churn',
      given: input,
      ci: [0.1, 0.2] as [number, number],
      next: [
        { tool: 'read_back', arguments: { run: 'it is' }, why: 'to see it' },
        { person: 'specweave-ml doctor', why: 'to know' },
      ],
    }
  },
  render: (output) => `Trained ${output.run} ${renderNext(output.next as never)}`,
})

const readBack = defineTool({
  name: 'read_back',
  title: 'Read back',
  description: 'Answers as it is told to.',
  input: z.object({ run: z.union([z.string(), z.array(z.string())]), how: z.string().optional() }),
  output: z.object({ text: z.string(), missing: z.array(z.string()).optional() }),
  annotations: READ_ONLY,
  command: { positional: ['run'], examples: ['specweave-ml read-back 0042/exp-001-churn'] },
  async handle({ run, how }, context) {
    if (how === 'refuse')
      throw new Refusal('RUN_UNKNOWN', 'There is no run x.', {
        next: [
          { tool: 'read_back', arguments: { run: 'a b' }, why: 'the nearest' },
          { person: 'specweave-ml setup', why: 'makes the lab' },
        ],
      })
    if (how === 'defect') throw new TypeError('boom is not a function')
    if (how === 'wrong output') return { text: 7 as unknown as string }
    if (how === 'long') return { text: 'x'.repeat(100_000) }
    if (how === 'workspace') return { text: (await context.workspace()).root }
    if (how === 'home') return { text: JSON.stringify(context.home) }
    if (how === 'print') console.log('this would corrupt the protocol')
    if (how === 'wait') await sleep(120_000, undefined, { signal: context.signal }).catch(() => {})
    if (how === 'slow') await sleep(200)
    return { text: `${context.signal.aborted ? 'aborted ' : ''}${JSON.stringify(run)}` }
  },
  render: ({ text }) => text,
})

export const sampleTools: readonly AnyTool[] = [trainModel, readBack]
