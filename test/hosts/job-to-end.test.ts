import { tmpdir } from 'node:os'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { runCli } from '../../src/hosts/cli/run-cli.ts'
import { type AnyTool, defineTool, READ_ONLY, WRITES } from '../../src/tools/tool.ts'
import { fakeIo } from './fake-io.ts'

const base = { title: 'x', description: 'x', annotations: READ_ONLY, output: z.looseObject({}) }

type Told = (job: string) => Record<string, unknown>
const inPlace: Told = (job) => ({ job, state: 'queued' })
/** A job that does the rest of what was asked. */
const inNext: Told = (job) => ({
  said: `asked, and ${job} goes on`,
  next: [{ tool: 'get_run', arguments: { run: job, wait_s: 40 }, why: 'waits for it' }],
})

/** A tool whose first calls are told of a job, and a `get_run` that answers with one state after the other. */
function tools(
  jobs: number,
  states: string[],
  told: Told,
  annotations = WRITES,
): { tools: AnyTool[]; calls: string[] } {
  const calls: string[] = []
  const made = [
    defineTool({
      ...base,
      annotations,
      name: 'register',
      command: { examples: [] },
      input: z.object({}),
      handle: async () => {
        calls.push('register')
        const n = calls.filter((name) => name === 'register').length
        return n <= jobs ? told(`job-00${n}`) : { said: 'registered' }
      },
      render: ({ said, job }: { said?: string; job?: string }) => said ?? `${job} goes on`,
    }),
    defineTool({
      ...base,
      name: 'get_run',
      command: { positional: ['run'], examples: [] },
      input: z.object({ run: z.string(), wait_s: z.number(), log_lines: z.number() }),
      handle: async ({ run }) => {
        calls.push(String(run))
        return { run, state: states.shift() ?? 'succeeded' }
      },
      render: () => '',
    }),
  ]
  return { tools: made as unknown as AnyTool[], calls }
}

async function register(jobs: number, states: string[], told = inPlace, annotations = WRITES) {
  const given = tools(jobs, states, told, annotations)
  const io = fakeIo(tmpdir())
  const code = await runCli(['register'], { tools: given.tools, commands: [], io })
  return { code, out: io.stdout, calls: given.calls }
}

it.each([
  ['does its work', inPlace],
  ['does the rest of it', inNext],
])('a command waits for the job that %s, and gives the answer of the call after it', async (_, told) => {
  const { code, out, calls } = await register(1, ['queued', 'running', 'succeeded'], told)
  expect(calls).toEqual(['register', 'job-001', 'job-001', 'job-001', 'register'])
  expect([code, out]).toEqual([0, expect.stringContaining('registered')])
})

it('what only shows the work does not wait for jobs under way', async () => {
  const { out, calls } = await register(1, [], inNext, READ_ONLY)
  expect(calls).toEqual(['register'])
  expect(out).toContain('job-001 goes on')
})

it('it does not wait for ever for one job after another', async () => {
  const { out, calls } = await register(99, [])
  expect(calls.filter((name) => name === 'register')).toHaveLength(4)
  expect(out).toContain('job-004 goes on')
})
