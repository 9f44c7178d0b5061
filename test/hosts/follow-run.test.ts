import { tmpdir } from 'node:os'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { newLines } from '../../src/hosts/cli/follow-run.ts'
import { runCli } from '../../src/hosts/cli/run-cli.ts'
import { sparkline } from '../../src/hosts/cli/sparkline.ts'
import { type AnyTool, defineTool, READ_ONLY } from '../../src/tools/tool.ts'
import { fakeIo } from './fake-io.ts'

const loose = z.looseObject({})
const base = { title: 'x', description: 'x', annotations: READ_ONLY, output: loose, render: () => 'the list' }

/** `get_run` and `list_runs` that answer with one frame after the other. */
function tools(frames: Record<string, unknown>[]): AnyTool[] {
  let frame = 0
  const handle = async () => frames[Math.min(frame++, frames.length - 1)] ?? {}
  return [
    defineTool({
      ...base,
      name: 'get_run',
      command: { positional: ['run'], examples: [] },
      handle,
      input: z.object({
        run: z.string(),
        wait_s: z.number().optional(),
        log_lines: z.number().optional(),
        curves: z.array(z.string()).optional(),
      }),
    }),
    defineTool({ ...base, name: 'list_runs', command: { examples: [] }, handle, input: z.object({}) }),
  ] as unknown as AnyTool[]
}

const run = '0042/exp-001-a'
const frames = (end: string) => [
  { run, state: 'queued', queue_position: 1 },
  { run, state: 'running', logs: { stdout: ['a', 'b'], stderr: [] } },
  {
    run,
    state: 'running',
    logs: { stdout: ['a', 'b', 'b', 'c'], stderr: ['warn'] },
    curves: [
      {
        name: 'loss',
        points: 3,
        sample: [
          [0, 3],
          [1, 1],
          [2, 'NaN'],
        ],
      },
    ],
  },
  {
    run,
    state: end,
    reason: null,
    duration_s: 75,
    logs: { stdout: ['b', 'c', 'd'], stderr: ['warn'] },
    metrics: [
      { name: 'f1', split: 'test', source: 'measured', grade: 'sealed', value: 0.612345, ci: [0.5, 0.7] },
    ],
  },
]

async function follow(end: string, terminal = false) {
  const io = fakeIo(tmpdir())
  io.terminal = { stdin: terminal, stdout: terminal, stderr: terminal }
  const code = await runCli(['get-run', run, '--follow'], { tools: tools(frames(end)), commands: [], io })
  return { code, out: io.stdout, err: io.stderr }
}

describe('get-run --follow', () => {
  it('appends new lines and changes of state where nobody watches', async () => {
    const { code, out, err } = await follow('succeeded')
    expect(code).toBe(0)
    expect(out).toBe('a\nb\nb\nc\nd\nmeasured f1 (test, sealed) = 0.61235 [0.5, 0.7]\n')
    expect(err).toBe(`${run}: queued\n${run}: running\nwarn\n${run}: succeeded\n`)
  })

  it('draws one block on a terminal', async () => {
    const { code, out } = await follow('failed', true)
    expect(code).toBe(1)
    expect(out.split('\u001b[J').length).toBe(4)
    expect(out).toContain(`${run}  queued, place 1 in the queue`)
    expect(out).toContain('loss                 █▁  NaN')
    expect(out).toContain(`${run}  failed, 1 min 15 s`)
  })
})

describe('list-runs --watch', () => {
  it('prints each change once and ends when nothing is open', async () => {
    const io = fakeIo(tmpdir())
    const list = (...states: string[]) => ({
      runs: states.map((state, n) => ({ run: `0042/exp-00${n}-a`, state })),
    })
    const code = await runCli(['list-runs', '--watch'], {
      tools: tools([list('running', 'succeeded'), list('failed', 'succeeded')]),
      commands: [],
      io,
    })
    expect({ code, out: io.stdout }).toEqual({
      code: 0,
      out: '0042/exp-000-a  running\n0042/exp-001-a  succeeded\n0042/exp-000-a  failed\n',
    })
  })
})

describe('what is shown', () => {
  it('finds the new lines of a tail', () => {
    expect(newLines([], ['a'])).toEqual(['a'])
    expect(newLines(['a', 'a'], ['a', 'a', 'a'])).toEqual(['a'])
    expect(newLines(['a', 'b'], ['c'])).toEqual(['c'])
    expect(newLines(['a', 'b'], ['a', 'b'])).toEqual([])
  })

  it('draws a curve from its lowest to its highest value', () => {
    expect(sparkline([0, 1, 2, 3, 4, 5, 6, 7], 8)).toBe('▁▂▃▄▅▆▇█')
    expect(sparkline([1, 1], 8)).toBe('▅▅')
    expect(sparkline([], 8)).toBe('')
    expect(
      sparkline(
        Array.from({ length: 1000 }, (_, n) => n),
        4,
      ),
    ).toBe('▁▃▆█')
  })
})
