import { z } from 'zod'
import { Refusal } from '../../core/errors.ts'
import type { RunSummary } from '../../core/run-summary.ts'
import { HIGHEST_METRICS, LEVEL_METRICS, THRESHOLD_METRICS, thresholdWords } from '../../core/threshold.ts'
import type { EvaluatedRun } from '../../evidence/scoring.ts'
import type { Workspace } from '../../store/workspace.ts'
import type { ToolContext } from '../context.ts'
import { renderMetric } from '../runs/run-view.ts'

/** A bare number is what people type first; Zod asks for the words of an issue of any kind. */
const WANTED =
  'the lab chooses its value, for what you name here, such as {"metric": "precision", "at_least": 0.9} or {"metric": "f1"}'

export const Goal = z
  .object(
    {
      metric: z.enum(THRESHOLD_METRICS).describe('as high as it gets; precision and recall need at_least'),
      at_least: z
        .number()
        .gt(0)
        .lte(1)
        .optional()
        .describe('such as 0.9; the other of the two is made as high as it gets'),
    },
    { error: ({ code }) => (code === 'invalid_type' ? WANTED : undefined) },
  )
  .strict()
  .describe(
    'with validation, of two classes: chooses the score from which on a row is positive; labels of the run on every split are then those',
  )

export const Chosen = z.object({
  value: z.number(),
  positive: z.string(),
  metric: z.string(),
  at_least: z.number().optional(),
  reached: z.string().describe('on the rows it was chosen by: optimistic'),
})

/** @throws Refusal INPUT_INVALID before anything is measured. */
export function requireChoosable(
  run: string,
  split: string,
  goal: z.output<typeof Goal>,
  summary: Pick<RunSummary, 'baseline'> | undefined,
): void {
  const leveled = (LEVEL_METRICS as readonly string[]).includes(goal.metric)
  const [problem, fixed] =
    split !== 'validation'
      ? [
          `a threshold is chosen on validation alone, not on ${split}: test would flatter it, train as well`,
          goal,
        ]
      : leveled !== (goal.at_least !== undefined)
        ? leveled
          ? [
              `${goal.metric} needs at_least, such as 0.9: without it the best threshold is a trivial one`,
              { ...goal, at_least: 0.9 },
            ]
          : [
              `at_least goes with ${LEVEL_METRICS.join(' and ')}; ${HIGHEST_METRICS.join(', ')} are made as high as they get`,
              { metric: goal.metric },
            ]
        : summary?.baseline
          ? ['a baseline stays as it is: its threshold is not chosen', undefined]
          : []
  if (!problem) return
  throw new Refusal('INPUT_INVALID', `threshold: ${problem}. Nothing was measured.`, {
    invalid: [{ field: 'threshold', problem }],
    ...(fixed
      ? {
          next: [
            {
              tool: 'evaluate_run',
              arguments: { run, split: 'validation', threshold: fixed },
              why: 'chooses it on validation',
            },
          ],
        }
      : {}),
  })
}

/** Chooses it, and says what it reaches and how far to believe that. */
export async function thresholdFor(
  workspace: Workspace,
  run: EvaluatedRun,
  goal: z.output<typeof Goal>,
  context: ToolContext,
): Promise<{ threshold: z.output<typeof Chosen>; warnings: string[] }> {
  const { chooseThreshold } = await import('../../evidence/threshold-choice.ts')
  const { threshold, reached, repeated, warnings } = await chooseThreshold(workspace, run, goal, {
    signal: context.signal,
    progress: context.progress,
    also: (await import('./asked-metrics.ts')).askedMetrics(workspace, run.increment),
  })
  const { value, positive, metric, at_least } = threshold
  const figures = reached.map(({ name, value, ci }) =>
    renderMetric({
      name,
      split: 'validation',
      source: 'measured',
      grade: 'open',
      value,
      ...(ci ? { ci } : {}),
    }),
  )
  const said = `${repeated ? 'the threshold was chosen before' : 'the threshold is chosen'}: the run's labels are those of ${thresholdWords(threshold)}, on every split, until another is chosen; the first look at test freezes it. What it reaches on validation is optimistic, since it was chosen there: test will tell.`
  return {
    threshold: {
      value,
      positive,
      metric,
      ...(at_least === undefined ? {} : { at_least }),
      reached: figures.join('; '),
    },
    warnings: [said, ...warnings],
  }
}
