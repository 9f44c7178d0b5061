import { z } from 'zod'
import { RUN_STATES } from '../core/run-state.ts'
import { opened } from './opened-workspace.ts'
import { renderMetric, SCRIPTS_WORDS } from './runs/run-view.ts'
import { IncrementId, Metrics } from './shapes.ts'
import { defineTool, READ_ONLY } from './tool.ts'

export const listRunsTool = defineTool({
  name: 'list_runs',
  title: 'List runs',
  description:
    'Searches the runs of the workspace or of one increment: by state, parameters, metrics, tags and time, sorted, in pages.',
  input: z.object({
    increment: IncrementId.describe('such as 0042; all where left out'),
    state: z.union([z.enum(RUN_STATES), z.array(z.enum(RUN_STATES))]).optional(),
    where: z
      .array(z.string().max(500))
      .max(20)
      .optional()
      .describe('conditions that must all hold: lr=0.1, params.model=forest, accuracy>0.8, tags.team=core'),
    since: z.string().max(50).optional().describe('a time, or a duration back from now such as 2h or 7d'),
    sort: z
      .string()
      .max(300)
      .default('-created')
      .describe('created, duration, name or a metric; - in front for descending'),
    limit: z.number().int().min(1).max(200).default(20),
    cursor: z.string().max(50).optional(),
  }),
  output: z.object({
    runs: z.array(
      z.object({
        run: z.string(),
        state: z.string(),
        created: z.string(),
        duration_s: z.number().nullish(),
        reason: z.string().nullish(),
        aside: z.string().optional().describe('why it is no try and in no ranking: control, reproduction'),
        metrics: Metrics,
      }),
    ),
    total: z.number(),
    truncated: z.boolean().optional(),
    cursor: z.string().optional(),
  }),
  annotations: READ_ONLY,
  command: {
    positional: ['increment'],
    examples: [
      'specweave-ml list-runs',
      'specweave-ml list-runs 0042 --state running',
      'specweave-ml list-runs --where "lr=0.1" --sort=-accuracy',
    ],
  },
  async handle(input, context) {
    const { workspace, index } = await opened(context)
    const [{ schedule }, { listRuns }, { metricsOf }, { resolveIncrement }, leading] = await Promise.all([
      import('../runs/schedule.ts'),
      import('../runs/list-runs.ts'),
      import('../runs/summary.ts'),
      import('../increments/load.ts'),
      import('./runs/leading-metrics.ts'),
    ])
    schedule(workspace, index)
    const page = listRuns(index, {
      ...input,
      increment: input.increment ? resolveIncrement(workspace, input.increment).id : undefined,
      states: input.state === undefined ? undefined : [input.state].flat(),
    })
    const names = leading.leadingNames(workspace)
    return {
      runs: page.rows.map((row) => ({
        run: row.run,
        state: row.state,
        created: row.created,
        duration_s: row.duration_s,
        reason: row.reason,
        ...(row.aside ? { aside: row.aside } : {}),
        metrics: leading
          .leadingFirst(metricsOf(index, row.run), sorted(input.sort, names(row.increment)))
          .slice(0, 6),
      })),
      total: page.total,
      ...(page.cursor ? { truncated: true, cursor: page.cursor } : {}),
    }
  },
  render({ runs, total, cursor }) {
    if (runs.length === 0) return 'No runs.'
    const lines = runs.map(({ run, state, reason, duration_s, metrics, aside }) => {
      const figures = metrics.slice(0, 3).map(renderMetric).join('; ')
      return `${run}${aside ? ` (${aside})` : ''}  ${state}${reason ? ` (${reason})` : ''}${duration_s ? `  ${duration_s.toFixed(1)} s` : ''}${figures ? `  ${figures}` : ''}`
    })
    return `${lines.join('\n')}\n${runs.length} of ${total}${cursor ? `; the next with cursor ${cursor}` : ''}\n${SCRIPTS_WORDS}`
  },
})

/** What the runs are sorted by leads, where it is a metric. */
function sorted(sort: string, names: readonly string[]): string[] {
  return [sort.replace(/^[-+]/, ''), ...names]
}
