import { isAbsolute } from 'node:path'
import { z } from 'zod'
import { confine } from '../adapters/files.ts'
import { Refusal } from '../core/errors.ts'
import { PROBLEM_TYPES } from '../core/problem-types.ts'
import { isObject } from '../core/shape.ts'
import type { DataSchema } from '../evidence/schema-file.ts'
import type { Workspace } from '../store/workspace.ts'
import { labReady, renderJob } from './lab-ready.ts'
import { openedToWrite } from './opened-workspace.ts'
import { IncrementId, JOB, NextSteps } from './shapes.ts'
import { defineTool, renderNext, WRITES } from './tool.ts'

const column = z.string().min(1).max(500)

export const registerDatasetTool = defineTool({
  name: 'register_dataset',
  title: 'Register a data set',
  description:
    'Profiles, hashes and splits a CSV, JSON Lines or Parquet file into train, validation and test, and seals the test labels outside the workspace, so that scores on test can be trusted. ' +
    'Equal rows share a split; new rows move none. The same source and policy again is the version that exists. With `increment`, its documents then state this data. A file of more than 100 MB is registered by a job.',
  input: z.object({
    name: z.string().min(1).max(100).describe('such as churn'),
    source: z.string().min(1).max(4096).describe('path of a CSV, JSON Lines or Parquet file'),
    target: column.describe('column that the model predicts; the item column for recommendation'),
    positive: z
      .string()
      .max(500)
      .optional()
      .describe('class that precision and recall are about; the rarer where left out'),
    problem_type: z.enum(PROBLEM_TYPES),
    split: z
      .object({
        method: z
          .enum(['stratified', 'random', 'time', 'group', 'leave_last_out'])
          .describe(
            "the problem type's where left out; leave_last_out: the last item of each user in test, the one before in validation",
          ),
        validation: z.number().gt(0).lt(1).default(0.2).describe('share of the rows'),
        test: z.number().gt(0).lt(1).default(0.2),
        time_column: column.describe('of method time: the latest rows are test'),
        group_column: column.describe(
          'rows of one group share a split; the user column for recommendation, the series for time series',
        ),
        gap: z
          .union([z.number().positive(), z.string().max(40)])
          .describe(
            'left out before validation and test of a split by time: "7d", "36h", or a number in the units of the time column',
          ),
        horizon: z
          .number()
          .int()
          .positive()
          .describe(
            'times that each rolling-origin fold of a time series forecasts, such as 12; equal stretches where left out',
          ),
        seed: z.number().int().nonnegative().describe('another draws other rows'),
      })
      .partial()
      .strict()
      .optional()
      .describe('how rows are parted into train, validation and test'),
    id_column: column.optional().describe('becomes row_id; a hash of the row where left out'),
    schema: z
      .string()
      .min(1)
      .max(4096)
      .optional()
      .describe(
        "path of a schema in pandera's YAML form, such as an edited data/schema.yaml: rows that break it are refused",
      ),
    evaluator: z
      .object({
        path: z
          .string()
          .min(1)
          .max(4096)
          .describe('.py with evaluate(truth, predictions) -> {metric: value}'),
        metrics: z
          .record(z.string().max(60), z.enum(['maximize', 'minimize']))
          .describe('which way each is better, such as {"profit": "maximize"}'),
      })
      .strict()
      .optional()
      .describe('measures metrics of your own; frozen with the version'),
    increment: IncrementId.describe('such as 0042: its documents then state this data; none where left out'),
  }),
  output: z.object({
    dataset: z.string().optional().describe('churn@1'),
    rows: z.number().optional(),
    columns: z.number().optional(),
    target: z.string().optional(),
    positive: z.string().optional(),
    classes: z.array(z.string()).optional(),
    splits: z.record(z.string(), z.object({ rows: z.number() })).optional(),
    warnings: z.array(z.string()).optional(),
    reused: z.boolean().optional(),
    changed: z.array(z.string()).optional().describe('documents of the increment that now state this data'),
    ...JOB,
    next: NextSteps.optional(),
  }),
  annotations: WRITES,
  command: {
    positional: ['name', 'source'],
    examples: [
      'specweave-ml register-dataset churn data/churn.csv --target churn --problem-type classification --increment 0001',
      'specweave-ml register-dataset churn data/churn.csv --target churn --problem-type classification --split method=time,time_column=month',
      'specweave-ml register-dataset sales data/sales.csv --target sold --problem-type time_series --split time_column=month,horizon=12',
      `specweave-ml register-dataset churn data/churn.csv --target churn --problem-type classification --evaluator path=scripts/profit.py --evaluator metrics='{"profit": "maximize"}'`,
    ],
  },
  async handle(input, context) {
    const session = await openedToWrite(context)
    const { workspace } = session
    const { increment: typed, schema: schemaPath, evaluator: own, ...asked } = input
    const [{ resolveIncrement }, { locateSource }] = await Promise.all([
      import('../increments/load.ts'),
      import('../evidence/dataset-source.ts'),
    ])
    // What can be refused is refused before the lab is waited for.
    const increment = typed === undefined ? undefined : resolveIncrement(workspace, typed)
    const source = locateSource(workspace, asked.source)
    const schema = schemaPath === undefined ? undefined : await readSchemaAt(workspace, schemaPath)
    const evaluator = own && (await import('./data/custom-evaluator.ts')).typedEvaluator(workspace, own)
    const data = { ...asked, ...(schema ? { schema } : {}), ...(evaluator ? { evaluator } : {}) }
    const job = await labReady(session, context, {
      tool: 'register_dataset',
      arguments: input,
      why: 'the same call again',
    })
    if (job) return job
    const { registerInBackground } = await import('./data/register-in-background.ts')
    const background = registerInBackground(session, source.path, input)
    if (background) return background
    const { registerDataset } = await import('../evidence/registration.ts')
    const { record, reused, rebuilt, warnings } = await registerDataset(workspace, data, context).catch(
      (cause) => {
        throw withWholeCalls(cause, input)
      },
    )
    const described = increment
      ? (await import('../increments/describe.ts')).describeDataset(increment, record)
      : undefined
    return {
      dataset: record.dataset,
      rows: record.rows,
      columns: record.columns.length,
      target: record.target,
      positive: record.positive,
      classes: record.classes?.slice(0, 50),
      splits: Object.fromEntries(Object.entries(record.splits).map(([name, { rows }]) => [name, { rows }])),
      warnings: [
        ...warnings,
        ...rebuilt.map(
          (part) => `the ${part} were missing on this machine and were made again from the source`,
        ),
      ],
      reused,
      changed: described?.changed ?? [],
      next: increment
        ? [
            {
              tool: 'run_baselines',
              arguments: { increment: increment.id },
              why: 'every model has to beat a baseline',
            },
          ]
        : [(await import('./runs/step-without-increment.ts')).stepWithoutIncrement(workspace, input, record)],
    }
  },
  render(output) {
    const job = renderJob(output)
    if (job) return job + renderNext(output.next)
    const splits = Object.entries(output.splits ?? {}).map(([name, { rows }]) => `${name} ${rows}`)
    return [
      `${output.dataset}${output.reused ? ' (registered before)' : ''}: ${output.rows} rows, ${output.columns} columns, target ${output.target}${output.positive ? `, positive class ${output.positive}` : ''}`,
      `rows: ${splits.join(', ')} (test labels sealed)`,
      ...(output.warnings ?? []).map((warning) => `warning: ${warning}`),
      ...(output.changed?.length ? [`updated: ${output.changed.join(', ')}`] : []),
      renderNext(output.next),
    ].join('\n')
  },
})

/** The lab knows what to change of a call; who made it gets the call as it would be. */
function withWholeCalls(cause: unknown, input: Readonly<Record<string, unknown>>): unknown {
  if (!(cause instanceof Refusal)) return cause
  const split = isObject(input.split) ? input.split : {}
  const next = cause.next.map((step) =>
    'tool' in step && step.tool === 'register_dataset' && isObject(step.arguments.split)
      ? { ...step, arguments: { ...input, split: { ...split, ...step.arguments.split } } }
      : step,
  )
  return new Refusal(cause.code, cause.message, { ...cause.toJSON(), next, cause })
}

async function readSchemaAt(workspace: Workspace, named: string): Promise<DataSchema> {
  const { readSchema } = await import('../evidence/schema-file.ts')
  return readSchema(isAbsolute(named) ? named : confine(workspace.root, named), named)
}
