import { tmpdir } from 'node:os'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { runCli } from '../../src/hosts/cli/run-cli.ts'
import { type AnyTool, defineTool, READ_ONLY } from '../../src/tools/tool.ts'
import { fakeIo } from './fake-io.ts'

const base = { title: 'x', description: 'x', annotations: READ_ONLY, output: z.looseObject({}) }

/** A tool whose first calls are told of a job, and a `get_run` that answers with one state after the other. */
function tools(jobs: number, states: string[]): { tools: AnyTool[]; calls: string[] } {
  const calls: string[] = []
  const made = [
    defineTool({
      ...base,
      name: 'register',
      command: { examples: [] },
      input: z.object({}),
      handle: async () => {
        calls.push('register')
        const n = calls.filter((name) => name === 'register').length
        return n <= jobs ? { job: `job-00${n}`, state: 'queued' } : { said: 'registered' }
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

async function register(jobs: number, states: string[]) {
  const given = tools(jobs, states)
  const io = fakeIo(tmpdir())
  const code = await runCli(['register'], { tools: given.tools, commands: [], io })
  return { code, out: io.stdout, calls: given.calls }
}

it('a command waits for the job that it was told of, and gives the answer of the call after it', async () => {
  const { code, out, calls } = await register(1, ['queued', 'running', 'succeeded'])
  expect(calls).toEqual(['register', 'job-001', 'job-001', 'job-001', 'register'])
  expect([code, out]).toEqual([0, expect.stringContaining('registered')])
})

it('it does not wait for ever for one job after another', async () => {
  const { out, calls } = await register(99, [])
  expect(calls.filter((name) => name === 'register')).toHaveLength(4)
  expect(out).toContain('job-004 goes on')
})
