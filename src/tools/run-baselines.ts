import { z } from 'zod'
import { requireLabCode } from '../adapters/lab/code.ts'
import { Refusal } from '../core/errors.ts'
import type { ProblemType } from '../core/problem-types.ts'
import { isEnd } from '../core/run-state.ts'
import type { Submitted } from '../runs/submit.ts'
import { registerStep } from './data/register-step.ts'
import { labReady, renderJob } from './lab-ready.ts'
import { openedToWrite } from './opened-workspace.ts'
import { RunView, renderRun, viewRun, WAITED_IN_VAIN } from './runs/run-view.ts'
import { IncrementId, JOB, NextSteps, WaitS } from './shapes.ts'
import { defineTool, renderNext } from './tool.ts'

export const STRATEGIES: Readonly<Record<ProblemType, readonly string[]>> = {
  classification: ['random', 'popularity', 'rule-based'],
  regression: ['random', 'popularity', 'rule-based'],
  time_series: ['naive', 'seasonal-naive'],
  recommendation: ['random', 'popularity'],
}

export const runBaselines = defineTool({
  name: 'run_baselines',
  title: 'Run the baselines',
  description:
    'Runs the trivial models that every candidate has to beat, on the same splits, as recorded runs of the lab: random, popularity (the majority class, or the median), ' +
    'rule-based (the best rule on one column), naive and seasonal-naive for series. They are no looks at the test set.',
  input: z.object({
    increment: IncrementId,
    dataset: z.string().max(300).optional(),
    strategies: z
      .array(z.string().min(1).max(100))
      .min(1)
      .max(10)
      .optional()
      .describe('all of the problem type where left out'),
    wait_s: WaitS,
  }),
  output: z.object({
    runs: z.array(RunView).optional(),
    best: z.string().optional(),
    ...JOB,
    next: NextSteps.optional(),
  }),
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  command: {
    positional: ['increment'],
    examples: ['specweave-ml run-baselines 0042 --wait-s 40'],
    no: WAITED_IN_VAIN,
  },
  async handle(input, context) {
    const session = await openedToWrite(context)
    const { workspace, index } = session
    const [{ runSetting }, { resolveIncrement, readSpec }, { findDataset }] = await Promise.all([
      import('./runs/run-setting.ts'),
      import('../increments/load.ts'),
      import('../evidence/datasets.ts'),
    ])
    const setting = runSetting(workspace, input.increment)
    const increment = resolveIncrement(workspace, setting.increment.id)
    const { success, problem } = readSpec(increment).front.ml
    const dataset = setting.dataset(input.dataset)
    if (!dataset) {
      throw new Refusal('DATASET_UNKNOWN', `Increment ${increment.id} has no dataset to run baselines on.`, {
        missing: ['dataset'],
        next: [registerStep(workspace.root, increment.id, problem.type)],
      })
    }
    const { problem_type: problemType } = findDataset(workspace, dataset.id)
    const strategies = checkedStrategies(input.strategies, problemType)
    const job = await labReady(session, context, {
      tool: 'run_baselines',
      arguments: input,
      why: 'the same call again',
    })
    if (job) return job
    // The baselines are code of the lab too, and run beside it.
    requireLabCode()
    const [{ submitRun }, { schedule }, { waitForRuns }, { bestByValidation }, { summarizeRun }] =
      await Promise.all([
        import('../runs/submit.ts'),
        import('../runs/schedule.ts'),
        import('../runs/wait.ts'),
        import('../increments/candidate.ts'),
        import('../runs/summary.ts'),
      ])
    schedule(workspace, index)
    const submitted: Submitted[] = []
    for (const strategy of strategies) {
      submitted.push(
        await submitRun(workspace, index, {
          increment: setting.increment,
          name: `baseline-${strategy}`,
          command: ['python', '-m', 'specweave_lab.baseline', '--strategy', strategy],
          dataset,
          baseline: strategy,
          interpreter: 'lab',
        }),
      )
    }
    schedule(workspace, index)
    await waitForRuns(
      index,
      submitted,
      input.wait_s ?? 0,
      'all',
      context.signal,
      () => void schedule(workspace, index),
    )
    const views = await Promise.all(
      submitted.map(({ run, folder, reused }) =>
        viewRun(workspace, index, run, folder, { logLines: 3, reused, brief: true }),
      ),
    )
    const summaries = submitted.flatMap(({ run }) => summarizeRun(index, run) ?? [])
    const best = bestByValidation(
      success,
      summaries.map((summary) => ({ ...summary, baseline: undefined })),
    )
    if (best) {
      const { describe } = await import('../increments/describe.ts')
      describe(increment, { baselines: summaries })
    }
    const open = views.filter(({ state }) => !isEnd(state))
    return {
      runs: views,
      // One that has not ended may be better, and the best is named once: its numbers stand with its run.
      ...(best && open.length === 0 ? { best: best.run } : {}),
      next:
        open.length > 0
          ? [
              {
                tool: 'get_run',
                arguments: { run: open.map(({ run }) => run), wait_s: 40 },
                why: 'waits for them; which is best is known when all have ended',
              },
            ]
          : [
              {
                tool: 'run_experiment',
                arguments: {
                  increment: increment.id,
                  name: 'first',
                  command: ['python', `${increment.relative}/scripts/train.py`],
                },
                why: 'trains a first candidate',
              },
            ],
    }
  },
  render(output) {
    const job = renderJob(output)
    if (job) return job + renderNext(output.next)
    return `${(output.runs ?? []).map((view) => renderRun({ ...view, logs: undefined })).join('\n')}${bestLine(output)}${renderNext(output.next)}`
  },
})

function bestLine({ best, runs = [] }: { best?: string; runs?: readonly RunView[] }): string {
  if (best) return `\nbest on validation: ${best}`
  return runs.some(({ state }) => !isEnd(state)) ? '\nbest on validation: known when all have ended' : ''
}

function checkedStrategies(
  asked: readonly string[] | undefined,
  problemType: ProblemType,
): readonly string[] {
  const known = STRATEGIES[problemType]
  const strategies = (asked ?? known).map((strategy) => (strategy === 'majority' ? 'popularity' : strategy))
  const unknown = strategies.filter((strategy) => !known.includes(strategy))
  if (unknown.length > 0) {
    throw new Refusal('INPUT_INVALID', `No baseline for ${problemType} is called ${unknown.join(', ')}.`, {
      invalid: [{ field: 'strategies', problem: `must be of ${known.join(', ')}` }],
    })
  }
  return [...new Set(strategies)]
}
