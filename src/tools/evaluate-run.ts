import { z } from 'zod'
import { Refusal } from '../core/errors.ts'
import { isEnd } from '../core/run-state.ts'
import type { ToolContext } from './context.ts'
import { registerStep } from './data/register-step.ts'
import { Chosen, Goal, requireChoosable, thresholdFor } from './evaluation/choose-threshold.ts'
import { labReady, renderJob } from './lab-ready.ts'
import { openedToWrite } from './opened-workspace.ts'
import { renderMetric } from './runs/run-view.ts'
import { JOB, Metrics, NextSteps } from './shapes.ts'
import { defineTool, renderNext } from './tool.ts'

const Cost = z
  .object({
    machine: z.string(),
    request: z.string().optional().describe('one row, one user or one series'),
    calls: z.number().optional().describe('with one request each'),
    batch_calls: z.number().optional(),
    batch_size: z.number().optional(),
    not_measured: z.array(z.object({ name: z.string(), reason: z.string() })),
  })
  .describe("how the saved model's cost was measured; the figures are in metrics, without a split")

export const evaluateRun = defineTool({
  name: 'evaluate_run',
  title: 'Evaluate a run',
  description:
    "The lab computes a run's metrics with 95 % intervals from the predictions that it handed in. train and validation are open. " +
    '`cost` measures what the saved model costs on this machine: latency, throughput, memory, size; no look. ' +
    'test is sealed: each evaluation is a look, counted against a small budget and written to the ledger, so do it last, for the one candidate. ' +
    'Predictions missing for test are made from the saved model; others it must make again, in a clean process. The same predictions again are the same answer and no new look.',
  input: z.object({
    run: z.string().min(1).max(300),
    split: z
      .enum(['train', 'validation', 'test', 'folds', 'cost'])
      .default('validation')
      .describe('cost is no split: it measures the saved model itself'),
    report: z.boolean().optional().describe('writes reports/evaluation-<run>-<split>.md with figures'),
    slices: z
      .array(z.string().min(1).max(200))
      .max(8)
      .optional()
      .describe('columns to measure by, in the report; not with test'),
    threshold: Goal.optional(),
    wait_s: z.number().min(0).max(40).optional().describe('no effect'),
  }),
  output: z.object({
    run: z.string().optional(),
    metrics: Metrics.optional(),
    look: z.object({ used: z.number(), budget: z.number() }).optional(),
    repeated: z.boolean().optional(),
    cost: Cost.optional(),
    threshold: Chosen.optional(),
    report: z.string().optional(),
    warnings: z.array(z.string()).optional(),
    ...JOB,
    next: NextSteps.optional(),
  }),
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  command: {
    positional: ['run', 'split'],
    examples: [
      'specweave-ml evaluate-run 0042/exp-003-xgboost validation',
      'specweave-ml evaluate-run 0042/exp-003-xgboost validation --report --slices plan,region',
      'specweave-ml evaluate-run 0042/exp-003-xgboost validation --threshold metric=precision,at_least=0.99',
      'specweave-ml evaluate-run 0042/exp-003-xgboost test',
      'specweave-ml evaluate-run 0042/exp-003-xgboost cost',
    ],
  },
  async handle(input, context) {
    const began = performance.now()
    const session = await openedToWrite(context)
    const { workspace, index } = session
    const [{ findRun }, { schedule }, { indexRun }, { summarizeRun }, { requireNoSeeds }] = await Promise.all(
      [
        import('../runs/find-run.ts'),
        import('../runs/schedule.ts'),
        import('../runs/index-run.ts'),
        import('../runs/summary.ts'),
        import('./runs/seeds-of-run.ts'),
      ],
    )
    schedule(workspace, index)
    const { run, folder } = findRun(index, input.run)
    requireNoSeeds(index, run, input)
    const { makeEvaluationReport, requireSliceable } = await import('./evaluation/evaluation-report.ts')
    requireSliceable(run, input.split, input.slices)
    const summary = summarizeRun(index, run)
    if (input.threshold) requireChoosable(run, input.split, input.threshold, summary)
    if (!summary || !isEnd(summary.state)) {
      throw new Refusal(
        'RUN_NOT_FINISHED',
        `${run} is ${summary?.state}: it can be evaluated when it has ended.`,
        {
          next: [{ tool: 'get_run', arguments: { run, wait_s: 40 }, why: 'waits for its end' }],
        },
      )
    }
    if (summary.controls) {
      throw new Refusal(
        'INPUT_INVALID',
        `${run} is a control of ${summary.controls}, on shuffled labels: it is no try that could be evaluated.`,
        {
          invalid: [{ field: 'run', problem: 'a control' }],
          next: [{ tool: 'get_run', arguments: { run }, why: 'says how the control came out' }],
        },
      )
    }
    if (summary.reproduces) {
      throw new Refusal(
        'INPUT_INVALID',
        `${run} only repeats ${summary.reproduces}: it is set beside that run, and is no try that could be evaluated.`,
        {
          invalid: [{ field: 'run', problem: 'a repetition' }],
          next: [
            { tool: 'reproduce_run', arguments: { run: summary.reproduces }, why: 'says how it came out' },
          ],
        },
      )
    }
    if (!summary.dataset) {
      const { readSpec, resolveIncrement } = await import('../increments/load.ts')
      throw new Refusal(
        'DATASET_UNKNOWN',
        `${run} was run without a registered dataset: there are no labels to measure it by. Register the data, then run the experiment again.`,
        {
          next: [
            registerStep(
              workspace.root,
              summary.increment,
              readSpec(resolveIncrement(workspace, summary.increment)).front.ml.problem.type,
            ),
          ],
        },
      )
    }
    const job = await labReady(session, context, {
      tool: 'evaluate_run',
      arguments: input,
      why: 'the same call again',
    })
    if (job) return job
    const told = toldOf(context, run, input.split)
    const evaluated = { run, increment: summary.increment, folder, dataset: summary.dataset }
    const reported = async (split: 'train' | 'validation' | 'test' | 'folds') =>
      input.report || input.slices?.length
        ? makeEvaluationReport(workspace, index, evaluated, split, input.slices ?? [], told, began)
        : undefined
    if (input.split === 'test') {
      const { answerLook } = await import('./evaluation/answer-look.ts')
      return answerLook(workspace, index, evaluated, summary, told, began, () => reported('test'))
    }
    if (input.split === 'cost') {
      const { costOfModel } = await import('./evaluation/model-cost.ts')
      return costOfModel(workspace, index, evaluated, summary, told, began)
    }
    const { evaluateSplits } = await import('../evidence/evaluation.ts')
    const { askedMetrics } = await import('./evaluation/asked-metrics.ts')
    const chosen = input.threshold
      ? await thresholdFor(workspace, evaluated, input.threshold, told)
      : undefined
    const { metrics, warnings } = await evaluateSplits(workspace, evaluated, [input.split], {
      signal: told.signal,
      progress: told.progress,
      also: askedMetrics(workspace, summary.increment),
    })
    indexRun(index, run, folder)
    const { writeDerived } = await import('../runs/finish.ts')
    writeDerived(index, run, folder)
    const made = await reported(input.split)
    return {
      run,
      metrics,
      ...(chosen ? { threshold: chosen.threshold } : {}),
      ...(made?.report ? { report: made.report } : {}),
      warnings: [...(chosen?.warnings ?? []), ...warnings, ...(made?.notes ?? [])],
      next: [
        {
          tool: 'compare_runs',
          arguments: { increment: summary.increment },
          why: 'sets it beside the others',
        },
      ],
    }
  },
  render(output) {
    const job = renderJob(output)
    if (job) return job + renderNext(output.next)
    const look = output.look
      ? [
          `look ${output.look.used} of ${output.look.budget} at the sealed test set${output.repeated ? ' (these predictions were scored before: no new look)' : ''}`,
        ]
      : []
    return [
      output.run,
      ...(output.metrics ?? []).map((metric) => `  ${renderMetric(metric)}`),
      ...look,
      ...(output.cost ? [costLine(output.cost)] : []),
      ...(output.threshold ? [thresholdLine(output.threshold)] : []),
      ...(output.report ? [`report: ${output.report}`] : []),
      ...(output.warnings ?? []).map((warning) => `warning: ${warning}`),
      renderNext(output.next),
    ].join('\n')
  },
})

/** Says with all progress what it is of. */
function toldOf(context: ToolContext, run: string, split: string): ToolContext {
  const progress: ToolContext['progress'] = (message, fraction) =>
    context.progress(`${run}, ${split}: ${message}`, fraction)
  return { ...context, progress }
}

/** `threshold: score_yes >= 0.83; on validation precision ...` */
function thresholdLine({ value, positive, reached }: z.output<typeof Chosen>): string {
  return `threshold: score_${positive} >= ${value}; on the rows it was chosen by: ${reached}`
}

/** `measured on this machine (AMD EPYC, 2 cores): 1000 calls of one row, 100 of a batch of 100` */
function costLine({ machine, request, calls, batch_calls, batch_size }: z.output<typeof Cost>): string {
  const single = calls ? [`${calls} calls of ${request}`] : []
  const batch = batch_calls ? [`${batch_calls} of a batch of ${batch_size}`] : []
  const how = [...single, ...batch].join(', ')
  return `measured on this machine (${machine})${how ? `: ${how}` : ''}`
}
