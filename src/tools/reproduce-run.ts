import { z } from 'zod'
import type { NextStep } from '../core/errors.ts'
import { parseRunId } from '../core/ids.ts'
import type { Differed } from '../runs/reproduction-differences.ts'
import type { MetricComparison, SplitComparison } from '../runs/reproduction-outcome.ts'
import { labReady, renderJob } from './lab-ready.ts'
import { openedToWrite } from './opened-workspace.ts'
import { short } from './runs/run-view.ts'
import { JOB, NextSteps, WaitS } from './shapes.ts'
import { defineTool, renderNext } from './tool.ts'

/** Of the 45 s that clients give to a call, so that there is time to measure afterwards. */
const LONGEST_WAIT_MS = 20_000

/** The members are those of their types; the page of all tools is to stay one that an assistant can afford. */
const listOf = <T>() => z.array(z.custom<T>((value) => typeof value === 'object').meta({ type: 'object' }))

/** JSON has no word for a number that is missing. */
export type ShownMetric = Omit<MetricComparison, 'is'> & { is: number | null }

const Answer = z.object({
  run: z.string().optional(),
  reproduction: z.string().optional(),
  outcome: z.enum(['identical', 'within_noise', 'different', 'failed']).optional(),
  basis: z.enum(['predictions', 'seeds', 'paired', 'reported', 'none']).optional(),
  at: z.string().optional(),
  reason: z.string().nullish(),
  splits: listOf<SplitComparison>().optional().describe('predictions: same is bytes, rows, no or missing'),
  metrics: listOf<ShownMetric>().optional().describe('was, is, and how far apart chance puts them'),
  differed: listOf<Differed>().optional().describe('kind, name, was, is'),
  not_laid_out: z.array(z.string()).optional().describe('files that were not kept, and why'),
  warnings: z.array(z.string()).optional(),
  ...JOB,
  next: NextSteps.optional(),
})
export type ReproductionAnswer = z.input<typeof Answer>

export const reproduceRun = defineTool({
  name: 'reproduce_run',
  title: 'Reproduce a run',
  description:
    'Runs a succeeded run again from its record (commit with diff in a clean Git worktree, data, seed, environment) and says how it came out: `identical`, `within_noise`, `different` or `failed`, and what differed: code, data, packages, hardware. ' +
    'It is queued, and the same call again gives the outcome. It is no try, and the checkout is not touched.',
  input: z.object({
    run: z.string().min(1).max(300).describe('such as 0042/exp-003-xgboost; of a run with seeds, a child'),
    wait_s: WaitS,
    again: z.boolean().default(false).describe('repeat it anew, though it was repeated before'),
  }),
  output: Answer,
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: true },
  command: {
    positional: ['run'],
    examples: ['specweave-ml reproduce-run 0042/exp-003-xgboost --wait-s 40'],
    no: {
      when: 'the outcome is `different` or `failed`',
      is: ({ outcome }) => outcome === 'different' || outcome === 'failed',
    },
  },
  async handle(input, context) {
    const began = performance.now()
    const session = await openedToWrite(context)
    const { workspace, index } = session
    const [{ schedule }, { findRun }, { indexRun }, reproduction, { isEnd }, flow] = await Promise.all([
      import('../runs/schedule.ts'),
      import('../runs/find-run.ts'),
      import('../runs/index-run.ts'),
      import('../runs/reproduction.ts'),
      import('../core/run-state.ts'),
      import('./reproduction/reproduction-flow.ts'),
    ])
    schedule(workspace, index)
    const was = findRun(index, input.run)
    const record = reproduction.requireRepeatable(was, indexRun(index, was.run, was.folder))
    const is = await flow.queued(workspace, index, was, record, input.again)
    schedule(workspace, index)
    if (input.wait_s) {
      const { waitForRuns } = await import('../runs/wait.ts')
      const settle = () => void schedule(workspace, index)
      await waitForRuns(index, [is], input.wait_s, 'all', context.signal, settle)
    }
    const look = indexRun(index, is.run, is.folder)
    const state = look?.judgement.state ?? 'lost'
    const same = { tool: 'reproduce_run', arguments: { run: was.run, wait_s: 40 } }
    const answer = { run: was.run, reproduction: is.run, state, reason: look?.judgement.reason ?? null }
    if (!isEnd(state))
      return { ...answer, next: [{ ...same, why: 'waits for its end, and says how it came out' }] }
    const recorded = flow.recordedAnswer(workspace, was.run, is.run)
    if (recorded) return { ...answer, ...recorded, next: nextFor(recorded.outcome, was.run, is.run) }
    // A repetition that somebody ended, or that was never started, says nothing of the run.
    if (!look || state === 'stopped' || state === 'lost' || look.facts.started?.never)
      return {
        ...answer,
        next: [{ tool: 'reproduce_run', arguments: { run: was.run, again: true }, why: 'repeats it anew' }],
      }
    const compared = await flow.compared(workspace, index, { was, is, record, look }, context, async () =>
      performance.now() - began > LONGEST_WAIT_MS
        ? { later: true }
        : labReady(session, context, { ...same, why: 'the same call again' }),
    )
    if ('later' in compared)
      return { ...answer, next: [{ ...same, why: 'it has ended: measures how it came out' }] }
    if ('job' in compared) return compared
    return { ...answer, ...compared, next: nextFor(compared.outcome, was.run, is.run) }
  },
  render(output) {
    const job = renderJob(output)
    if (job) return job + renderNext(output.next)
    const { run, reproduction, state, reason, outcome, at } = output
    const head = outcome
      ? `${run}, repeated as ${reproduction}: ${SAID[outcome]}${at ? ` (${at.slice(0, 10)})` : ''}`
      : `${run} is repeated as ${reproduction}: ${state}${reason ? `: ${reason}` : ''}`
    return [
      head,
      ...(output.splits ?? []).map(
        ({ split, same, rows, rows_different }) =>
          `  predictions, ${split}: ${SAME[same]}${rows_different === undefined || same !== 'no' ? '' : ` in ${rows_different} of ${rows} rows`}`,
      ),
      ...(output.metrics ?? []).map((metric) => `  ${metricLine(metric)}`),
      ...(output.differed ?? []).map(
        ({ kind, name, was, is }) =>
          `differed: ${kind} ${name}: was ${was ?? 'absent'}, is ${is ?? 'absent'}`,
      ),
      ...(output.not_laid_out ?? []).map((file) => `not laid out: ${file}`),
      ...(output.warnings ?? []).map((warning) => `warning: ${warning}`),
      renderNext(output.next),
    ].join('\n')
  },
})

const SAID = {
  identical: 'identical',
  within_noise: 'within the noise, not identical',
  different: 'DIFFERENT',
  failed: 'FAILED, so that there is nothing to compare',
} as const

const SAME = {
  bytes: 'the same bytes',
  rows: 'the same rows in another order',
  no: 'different',
  missing: 'not handed in this time',
} as const

function metricLine({ name, split, was, is, seed_range, seeds, ci, within }: ShownMetric): string {
  const noise =
    seed_range !== undefined
      ? `; ${seeds} seeds span ${short(seed_range)}`
      : ci?.length === 2
        ? `; paired difference [${ci.map(short).join(', ')}]`
        : ''
  return `${name} (${split}): was ${short(was)}, is ${is === null ? 'absent' : short(is)}${noise}: ${within ? 'within' : 'outside'}`
}

function nextFor(outcome: string | undefined, run: string, reproduction: string): NextStep[] {
  if (outcome !== 'identical' && outcome !== 'within_noise')
    return [
      { tool: 'get_run', arguments: { run: reproduction, log_lines: 50 }, why: 'shows what it printed' },
    ]
  const increment = parseRunId(run)?.increment
  return increment
    ? [{ tool: 'get_increment', arguments: { increment }, why: 'the record holds: says what is next' }]
    : []
}
