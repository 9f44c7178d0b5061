import { z } from 'zod'
import { Refusal } from '../core/errors.ts'
import { isEnd } from '../core/run-state.ts'
import { labReady, renderJob } from './lab-ready.ts'
import { openedToWrite } from './opened-workspace.ts'
import { registerStep } from './register-step.ts'
import { renderMetric } from './run-view.ts'
import { JOB, Metrics, NextSteps } from './shapes.ts'
import { defineTool, renderNext } from './tool.ts'

export const evaluateRun = defineTool({
  name: 'evaluate_run',
  title: 'Evaluate a run',
  description:
    "The lab computes a run's metrics with 95 % intervals from the predictions that it handed in. train and validation are open. " +
    'test is sealed: each evaluation is a look, counted against a small budget and written to the ledger, so do it last, for the one candidate. ' +
    'Predictions missing for test are made from the saved model. The same predictions again are the same answer and no new look.',
  input: z.object({
    run: z.string().min(1).max(300),
    split: z.enum(['train', 'validation', 'test', 'folds']),
    wait_s: z
      .number()
      .min(0)
      .max(40)
      .optional()
      .describe('accepted for symmetry; the answer comes when it is measured'),
  }),
  output: z.object({
    run: z.string().optional(),
    metrics: Metrics.optional(),
    look: z.object({ used: z.number(), budget: z.number() }).optional(),
    repeated: z.boolean().optional(),
    warnings: z.array(z.string()).optional(),
    ...JOB,
    next: NextSteps.optional(),
  }),
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  command: {
    positional: ['run', 'split'],
    examples: [
      'specweave-ml evaluate-run 0042/exp-003-xgboost validation',
      'specweave-ml evaluate-run 0042/exp-003-xgboost test',
    ],
  },
  async handle(input, context) {
    const session = await openedToWrite(context)
    const { workspace, index } = session
    const [{ findRun }, { schedule }, { indexRun }, { summarizeRun }] = await Promise.all([
      import('../runs/find-run.ts'),
      import('../runs/schedule.ts'),
      import('../runs/index-run.ts'),
      import('../runs/summary.ts'),
    ])
    schedule(workspace, index)
    const { run, folder } = findRun(index, input.run)
    const summary = summarizeRun(index, run)
    if (!summary || !isEnd(summary.state)) {
      throw new Refusal(
        'RUN_NOT_FINISHED',
        `${run} is ${summary?.state}: it can be evaluated when it has ended.`,
        {
          next: [{ tool: 'get_run', arguments: { run, wait_s: 40 }, why: 'waits for its end' }],
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
    const evaluated = { run, increment: summary.increment, folder, dataset: summary.dataset }
    if (input.split === 'test') {
      const { lookAtTest } = await import('./look-at-test.ts')
      const look = await lookAtTest(workspace, index, evaluated, summary, context)
      indexRun(index, run, folder)
      return look
    }
    const { evaluateSplits } = await import('../evidence/evaluation.ts')
    const { metrics, warnings } = await evaluateSplits(workspace, evaluated, [input.split], context)
    indexRun(index, run, folder)
    const { writeDerived } = await import('../runs/finish.ts')
    writeDerived(index, run, folder)
    return {
      run,
      metrics,
      warnings,
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
      ...(output.warnings ?? []).map((warning) => `warning: ${warning}`),
      renderNext(output.next),
    ].join('\n')
  },
})
