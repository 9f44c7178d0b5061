import { z } from 'zod'
import type { NextStep } from '../core/errors.ts'
import { PROBLEM_TYPES } from '../core/problem-types.ts'
import { registerStep } from './data/register-step.ts'
import { Insights, insightsQuietly, renderInsights } from './documents/recalled.ts'
import { refuseLinksOut } from './opened-workspace.ts'
import { NextSteps } from './shapes.ts'
import { defineTool, renderNext } from './tool.ts'

const criteria = z.array(z.string().min(1).max(1000)).max(50)

export const createIncrementTool = defineTool({
  name: 'create_increment',
  title: 'Create an increment',
  description:
    'Begins a piece of machine-learning work: a numbered folder with spec, plan, tasks, tests and a runnable scripts/train.py for the problem type, and criteria that a machine checks. ' +
    'Makes the workspace where there is none. Without success_metrics it proposes some, to be confirmed. Next: register_dataset, run_baselines, run_experiment, evaluate_run, validate_increment, complete_increment.',
  input: z.object({
    title: z.string().min(1).max(2000).describe('such as "build a churn model"'),
    slug: z.string().max(300).optional(),
    problem_type: z.enum(PROBLEM_TYPES),
    description: z.string().max(20_000).optional(),
    input: z.string().max(2000).optional().describe('what the model is given'),
    output: z.string().max(2000).optional().describe('what it answers'),
    success_metrics: criteria
      .optional()
      .describe('such as "precision@10 > 0.25" or "roc_auc >= 85%", checked on the sealed test set'),
    constraints: criteria.optional().describe('such as "latency_p99_ms < 100"'),
    baseline_lift: z
      .number()
      .optional()
      .describe('how much better than the best baseline; 0.2 where left out'),
    dataset: z.string().max(300).optional().describe('a registered dataset such as churn@1'),
    id: z.string().max(300).optional().describe('0042; the next free number where left out'),
  }),
  output: z.object({
    increment: z.string(),
    path: z.string(),
    files: z.array(z.string()),
    notes: z.array(z.string()).optional(),
    insights: Insights.optional(),
    next: NextSteps,
  }),
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: false },
  command: {
    positional: ['title'],
    examples: [
      'specweave-ml create-increment "build a churn model" --problem-type classification --success-metrics "roc_auc >= 0.85"',
    ],
  },
  async handle(input, context) {
    const [{ planIncrement }, { createRecorded }, { findDataset }, { projectName }, place] =
      await Promise.all([
        import('../increments/increment-plan.ts'),
        import('./documents/created-increment.ts'),
        import('../evidence/datasets.ts'),
        import('../increments/engine.ts'),
        import('./workspace-place.ts'),
      ])
    // Everything is understood before a workspace or a folder is made.
    planIncrement(input, { project: '' })
    const { workspace, notes } = await place.workspaceFor(context)
    refuseLinksOut(workspace.layout)
    const dataset = input.dataset ? findDataset(workspace, input.dataset) : undefined
    const created = await createRecorded(
      workspace,
      planIncrement(input, { project: projectName(workspace.layout), dataset }),
    )
    const next: NextStep[] = dataset
      ? [
          {
            tool: 'run_baselines',
            arguments: { increment: created.increment },
            why: 'every model has to beat a baseline',
          },
        ]
      : [registerStep(workspace.root, created.increment, input.problem_type)]
    return {
      increment: created.increment,
      path: created.path,
      files: created.files,
      notes: [...notes, ...created.notes],
      ...(await insightsQuietly(workspace, {
        increment: created.increment,
        title: input.title,
        ...(dataset ? { dataset: dataset.name } : {}),
        problemType: input.problem_type,
      })),
      next,
    }
  },
  render({ increment, path, files, notes, insights, next }) {
    return [
      `increment ${increment} in ${path}: ${files.join(', ')}`,
      ...(notes ?? []).map((note) => `note: ${note}`),
      ...renderInsights(insights),
      renderNext(next),
    ].join('\n')
  },
})
