import { isEnd, type RunState } from '../../core/run-state.ts'
import type { AnyTool } from '../../tools/tool.ts'
import { type Answer, invokeTool } from '../calls/invoke-tool.ts'
import { EXIT } from './exit-codes.ts'
import type { CliIo } from './io.ts'
import { paintWords } from './paint.ts'
import { screen } from './screen.ts'
import { sparkline } from './sparkline.ts'

/** The part of get_run's answer that is shown. */
interface View {
  run: string
  state: string
  reason?: string | null
  duration_s?: number | null
  queue_position?: number
  metrics?: {
    name: string
    split?: string
    source: string
    grade?: string
    value: number | string
    ci?: number[]
  }[]
  logs?: { stdout: string[]; stderr: string[] }
  curves?: { name: string; points: number; sample: (number | string)[][] }[]
  warnings?: string[]
}

const PAUSE_S = 1

/**
 * `get-run RUN --follow`: on a terminal a block that is drawn anew each second, elsewhere the log as it grows.
 * Ctrl-C ends the following, never the run.
 * @returns 0 where the run succeeded, else 1
 */
export async function followRun(getRun: AnyTool, values: Answer, io: CliIo): Promise<number> {
  const block = io.terminal.stdout ? screen(io) : undefined
  const lines = block ? Math.max(5, Math.min(20, io.rows - 20)) : 200
  const print = appender(io)
  let state = ''
  for (;;) {
    const view = await look(
      getRun,
      { ...values, log_lines: lines, curves: ['*'], wait_s: state === '' ? 0 : PAUSE_S },
      io,
    )
    if (block) block.draw(picture(view, io))
    else print(view, state)
    state = view.state
    if (isEnd(state as RunState)) return state === 'succeeded' ? EXIT.done : EXIT.refused
    if (io.signal.aborted) {
      io.err(`${view.run} goes on; look again with: ${io.program} get-run ${view.run} --follow`)
      return EXIT.interrupted
    }
  }
}

async function look(getRun: AnyTool, call: Answer, io: CliIo): Promise<View> {
  const given = Array.isArray(call.run) ? { ...call, run: call.run[0] } : call
  return (await invokeTool(getRun, given, io.context(), io.program)) as unknown as View
}

function picture(view: View, io: CliIo): string[] {
  const { colours } = io
  const state = paintWords(view.state, colours)
  const queue = view.queue_position ? `, place ${view.queue_position} in the queue` : ''
  const time = view.duration_s ? `, ${duration(view.duration_s)}` : ''
  const log = [...(view.logs?.stdout ?? []), ...(view.logs?.stderr ?? []).map((line) => colours.yellow(line))]
  return [
    `${colours.bold(view.run)}  ${state}${queue}${time}${view.reason ? `: ${view.reason}` : ''}`,
    ...(view.curves ?? []).slice(0, 6).map((curve) => curveLine(curve, io)),
    ...(view.metrics ?? []).slice(0, 8).map((metric) => `  ${metricText(metric)}`),
    ...(view.warnings ?? []).slice(0, 3).map((warning) => colours.yellow(`  ${warning}`)),
    colours.dim('─'.repeat(Math.min(io.columns - 1, 60))),
    ...log.slice(-Math.max(5, io.rows - 22)),
  ]
}

function curveLine({ name, sample }: NonNullable<View['curves']>[number], io: CliIo): string {
  const values = sample.map((point) => point[1] ?? '')
  const width = Math.max(10, Math.min(40, io.columns - 40))
  return `  ${name.padEnd(20)} ${io.colours.cyan(sparkline(values, width))} ${values.at(-1) ?? ''}`
}

function metricText({ name, split, source, grade, value, ci }: NonNullable<View['metrics']>[number]): string {
  const where = [split, grade].filter(Boolean).join(', ')
  const figure = (number: number | string) =>
    typeof number === 'number' ? Number(number.toPrecision(5)) : number
  return `${source} ${name}${where ? ` (${where})` : ''} = ${figure(value)}${ci?.length === 2 ? ` [${ci.map(figure).join(', ')}]` : ''}`
}

export function duration(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(1)} s`
  const minutes = Math.floor(seconds / 60)
  return minutes < 60
    ? `${minutes} min ${Math.round(seconds % 60)} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

/** Where nobody watches a terminal: each change of state, each new log line, and the numbers at the end. */
function appender(io: CliIo): (view: View, before: string) => void {
  let seen: { stdout: string[]; stderr: string[] } = { stdout: [], stderr: [] }
  return (view, before) => {
    if (view.state !== before) io.err(`${view.run}: ${view.state}${view.reason ? `: ${view.reason}` : ''}`)
    const logs = view.logs ?? seen
    for (const line of newLines(seen.stdout, logs.stdout)) io.out(line)
    for (const line of newLines(seen.stderr, logs.stderr)) io.err(line)
    seen = logs
    if (!isEnd(view.state as RunState)) return
    for (const metric of view.metrics ?? []) io.out(metricText(metric))
    for (const warning of view.warnings ?? []) io.err(`warning: ${warning}`)
  }
}

/** The lines of a log's tail that an earlier tail did not hold: where the two overlap the most, the rest is new. */
export function newLines(before: readonly string[], now: readonly string[]): readonly string[] {
  for (let overlap = Math.min(before.length, now.length); overlap > 0; overlap--) {
    if (now.slice(0, overlap).every((line, index) => line === before[before.length - overlap + index]))
      return now.slice(overlap)
  }
  return now
}
