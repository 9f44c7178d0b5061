import { z } from 'zod'
import { isClosed } from '../increments/metadata.ts'
import { Insights, insightsOn, renderInsights } from './documents/recalled.ts'
import { opened } from './opened-workspace.ts'
import { renderMetric } from './runs/run-view.ts'
import { IncrementId, Metrics, NextSteps } from './shapes.ts'
import { defineTool, READ_ONLY, renderNext } from './tool.ts'

const Overview = z.object({
  increment: z.string(),
  title: z.string(),
  status: z.string(),
  verdict: z.string(),
  path: z.string(),
})

export const getIncrement = defineTool({
  name: 'get_increment',
  title: 'Get an increment',
  description:
    'Where a piece of work stands: tasks, runs, best so far, looks used, what is missing and what to do next. With none named and several active, an overview of all.',
  input: z.object({ increment: IncrementId }),
  output: z.object({
    increment: z.string().optional(),
    title: z.string().optional(),
    path: z.string().optional(),
    status: z.string().optional(),
    note: z.string().optional(),
    verdict: z.enum(['pass', 'fail', 'incomplete']).optional(),
    candidate: z.string().optional(),
    dataset: z.string().optional(),
    tasks: z
      .array(
        z.object({ id: z.string(), title: z.string(), state: z.string(), problem: z.string().optional() }),
      )
      .optional(),
    runs: z
      .object({
        running: z.array(z.string()),
        queued: z.number(),
        ended: z.number(),
        ended_since: z.array(z.string()),
      })
      .optional(),
    best: z
      .object({
        run: z.string(),
        chosen: z.string().optional().describe('where an experiment has several seeds: why this run'),
        metrics: Metrics,
      })
      .optional(),
    looks: z.object({ used: z.number(), budget: z.number() }).optional(),
    missing: z.array(z.string()).optional(),
    insights: Insights.optional(),
    increments: z.array(Overview).optional(),
    next: NextSteps.optional(),
  }),
  annotations: READ_ONLY,
  command: {
    positional: ['increment'],
    examples: ['specweave-ml get-increment', 'specweave-ml get-increment 0042'],
  },
  async handle(input, context) {
    const { workspace, index } = await opened(context)
    const [{ schedule }, { activeIncrements, incrementToShow }, { gatherFacts }, { judge }] =
      await Promise.all([
        import('../runs/schedule.ts'),
        import('../increments/load.ts'),
        import('./verdict/increment-facts.ts'),
        import('../increments/gates.ts'),
      ])
    schedule(workspace, index)
    const active = activeIncrements(workspace)
    if (input.increment === undefined && active.length > 1) {
      return {
        increments: active.slice(0, 30).map((increment) => {
          const facts = gatherFacts(workspace, index, increment)
          const { id, status, relative } = increment
          return {
            increment: id,
            title: facts.title,
            status,
            verdict: judge(facts.gate).verdict,
            path: relative,
          }
        }),
        next: active.slice(0, 3).map(({ id, folder }) => ({
          tool: 'get_increment',
          arguments: { increment: id },
          why: `shows ${folder}`,
        })),
      }
    }
    const { nextSteps, bestSoFar, stepsBeyond } = await import('./documents/increment-progress.ts')
    const { increment, note } = incrementToShow(workspace, input.increment)
    const facts = gatherFacts(workspace, index, increment)
    const verdict = judge(facts.gate)
    const live = facts.runs.filter(({ state }) => ['starting', 'running', 'evaluating'].includes(state))
    const queued = facts.runs.filter(({ state }) => state === 'queued').length
    const since = new Date(Date.now() - 24 * 3600 * 1000).toISOString()
    const problems = new Map(facts.gate.contradictions.map(({ task, problem }) => [task, problem]))
    return {
      increment: increment.id,
      title: facts.title,
      path: increment.relative,
      status: facts.increment.status,
      ...(note ? { note } : {}),
      verdict: verdict.verdict,
      ...(verdict.candidate ? { candidate: verdict.candidate } : {}),
      ...(facts.dataset ? { dataset: facts.dataset.dataset } : {}),
      tasks: facts.tasks.map(({ id, title, state }) => ({
        id,
        title,
        state,
        ...(problems.has(id) ? { problem: problems.get(id) } : {}),
      })),
      runs: {
        running: live.map(({ run }) => run).slice(0, 20),
        queued,
        ended: facts.runs.length - live.length - queued,
        ended_since: facts.runs
          .filter(({ ended }) => ended && ended > since)
          .map(({ run, state }) => `${run} ${state}`)
          .slice(-10),
      },
      ...bestSoFar(facts),
      looks: facts.looks,
      missing: verdict.checks
        .filter(({ status }) => status !== 'pass' && status !== 'waived')
        .map(({ id, status, message }) => `${id} (${status}): ${message}`),
      // Of what is closed nothing has to be known any more.
      ...(isClosed(facts.increment.status)
        ? {}
        : await insightsOn(workspace, index, {
            increment: increment.id,
            title: facts.title,
            ...(facts.dataset ? { dataset: facts.dataset.name } : {}),
            problemType: facts.front.ml.problem.type,
          })),
      next: [
        ...nextSteps(workspace, facts, verdict),
        ...(note ? stepsBeyond(workspace, increment, facts) : []),
      ],
    }
  },
  render(output) {
    if (output.increments) {
      return (
        output.increments
          .map(({ increment, title, status, verdict }) => `${increment} ${title}: ${status}, ${verdict}`)
          .join('\n') + renderNext(output.next)
      )
    }
    const { runs, best, looks } = output
    return [
      ...(output.note ? [output.note] : []),
      `${output.increment} ${output.title}: ${output.status}, validation ${output.verdict}${output.candidate ? `, candidate ${output.candidate}` : ''}`,
      ...(output.dataset ? [`dataset ${output.dataset}`] : []),
      `runs: ${runs?.running.length ?? 0} running, ${runs?.queued ?? 0} queued, ${runs?.ended ?? 0} ended; looks at test ${looks?.used} of ${looks?.budget}`,
      ...(best ? [`best so far: ${best.run}  ${best.metrics.slice(0, 4).map(renderMetric).join('; ')}`] : []),
      ...(best?.chosen ? [`  ${best.chosen}`] : []),
      ...(output.tasks ?? []).map(
        ({ id, title, state, problem }) =>
          `[${state === 'done' ? 'x' : state === 'skipped' ? '-' : ' '}] ${id} ${title}${problem ? `  (${problem})` : ''}`,
      ),
      ...(output.missing ?? []).map((line) => `open: ${line}`),
      ...renderInsights(output.insights),
      renderNext(output.next),
    ].join('\n')
  },
})
