import { z } from 'zod'
import { Refusal } from '../core/errors.ts'
import { nearest } from '../core/ids.ts'
import { judgeabilityWords } from '../core/judgeability.ts'
import type { Measurement, Split } from '../core/measurement.ts'
import { isModelCost, metricDirection } from '../core/metrics.ts'
import { seedChoiceWords } from '../core/seed-choice.ts'
import { shownDifference } from '../core/shown-digits.ts'
import { thresholdWords } from '../core/threshold.ts'
import { tooGoodOnValidation } from '../increments/too-good.ts'
import { formatP } from '../reports/number-format.ts'
import { adjustmentWords } from '../reports/seed-differences.ts'
import type { Index } from '../store/index-db.ts'
import { afterComparison } from './comparison/after-comparison.ts'
import { notCompared, unfinished } from './comparison/left-out-runs.ts'
import { opened } from './opened-workspace.ts'
import { OverSeeds, renderOverSeeds } from './runs/over-seeds.ts'
import { renderMetric, short } from './runs/run-view.ts'
import { IncrementId, Metrics, NextSteps } from './shapes.ts'
import { defineTool, READ_ONLY, renderNext } from './tool.ts'

const DEFAULTS: Readonly<Record<string, unknown>> = { split: 'validation', limit: 10, differences: true }

const Difference = z.object({
  a: z.string(),
  b: z.string(),
  difference: z.number(),
  ci: z.array(z.number()).describe('95 % of this comparison alone: not adjusted'),
  p: z.number().describe('not adjusted'),
  p_adjusted: z.number().describe('Holm, over `family`; the verdict follows it'),
  verdict: z.enum(['better', 'worse', 'no_difference_shown']),
})

export const compareRuns = defineTool({
  name: 'compare_runs',
  title: 'Compare runs',
  description:
    'Ranks runs by a metric, with who measured each number and its interval: measured numbers first, reported ones after them. ' +
    '`over_seeds` compares experiments that ran with several seeds by their means, and says what a seed alone does. ' +
    '`differences` are paired tests of each run against the best on the same rows or folds, adjusted (Holm) for every try of the increment: "no_difference_shown" is not "equal". ' +
    'A run that was seen reading test labels, or whose control with shuffled labels failed, is `not_judgeable`: it is never the best, and is compared with nothing. ' +
    'On test only runs that were already looked at take part.',
  input: z.object({
    increment: IncrementId,
    runs: z.array(z.string().max(300)).min(1).max(200).optional(),
    metric: z.string().min(1).max(300).optional().describe("the first criterion's where left out"),
    direction: z.enum(['maximize', 'minimize']).optional().describe('known from the name of most metrics'),
    split: z.enum(['train', 'validation', 'test', 'folds']).default('validation'),
    where: z.array(z.string().max(500)).max(20).optional().describe('such as lr=0.1 or params.model=forest'),
    limit: z.number().int().min(1).max(100).default(10),
    cursor: z.string().max(50).optional(),
    differences: z.boolean().default(true).describe('test which differences are real'),
  }),
  output: z.object({
    metric: z.string(),
    direction: z.enum(['maximize', 'minimize']),
    split: z.string().optional().describe('absent for what a model costs'),
    best: z
      .string()
      .optional()
      .describe('of the experiment of the best mean over its seeds: its first seed, not the luckiest'),
    chosen: z.string().optional().describe('where an experiment has several seeds: why `best` is that run'),
    rows: z.array(
      z.object({
        run: z.string(),
        state: z.string(),
        baseline: z.string().optional(),
        threshold: z.string().optional(),
        not_judgeable: z.string().optional().describe('why no verdict may rest on it'),
        params: z.record(z.string(), z.unknown()),
        metrics: Metrics,
      }),
    ),
    differences: z.array(Difference),
    family: z
      .number()
      .optional()
      .describe(
        'how many tests p_adjusted allows for: every try of the increment beside the best, each seed and deleted runs counted, and the baselines shown; on test at least one for each look of the budget',
      ),
    over_seeds: OverSeeds.optional(),
    warnings: z.array(z.string()).optional().describe('what is odd about the best'),
    left_out: z.array(z.object({ run: z.string(), reason: z.string() })).optional(),
    truncated: z.boolean().optional(),
    cursor: z.string().optional(),
    next: NextSteps.optional(),
  }),
  annotations: READ_ONLY,
  command: {
    positional: ['increment'],
    examples: [
      'specweave-ml compare-runs 0042',
      'specweave-ml compare-runs 0042 --metric f1 --where "params.model=forest"',
    ],
  },
  async handle(input, context) {
    const { workspace, index } = await opened(context)
    const [{ schedule }, { rankRuns }, { readCursor }, { summarizeRun }, { findRun }, ranking, seeds] =
      await Promise.all([
        import('../runs/schedule.ts'),
        import('../runs/rank-runs.ts'),
        import('../runs/list-runs.ts'),
        import('../runs/summary.ts'),
        import('../runs/find-run.ts'),
        import('./judging/comparison-setting.ts'),
        import('./comparison/seed-comparison.ts'),
      ])
    schedule(workspace, index)
    const setting = ranking.comparisonSetting(workspace, input)
    const metric = setting.metric
    const direction = input.direction ?? metricDirection(metric) ?? setting.direction
    if (!direction) {
      const close = nearMetrics(index, metric)
      if (close)
        throw new Refusal('INPUT_INVALID', `No run has a metric called ${metric}. ${close.hint}`, {
          invalid: [{ field: 'metric', problem: 'no run has it' }],
          next: close.names.slice(0, 1).map((name) => ({
            tool: 'compare_runs',
            arguments: { ...asked(input), metric: name },
            why: 'the nearest name',
          })),
        })
      throw new Refusal(
        'INPUT_INVALID',
        `Whether a higher or a lower ${metric} is better is not known from its name.`,
        {
          missing: ['direction'],
          next: [
            {
              tool: 'compare_runs',
              arguments: { ...asked(input), direction: 'maximize' },
              why: 'says which way is better',
            },
          ],
        },
      )
    }
    const offset = readCursor(input.cursor)
    const cost = isModelCost(metric)
    const query = {
      metric,
      direction,
      split: cost ? '' : input.split,
      increment: setting.increment?.id,
      runs: input.runs?.map((run) => findRun(index, run).run),
      where: input.where,
      limit: input.limit,
      offset,
    } as const
    const { rows, total } = rankRuns(index, query)
    const { summaries, changed } = await ranking.asRecorded(
      workspace,
      index,
      rows.flatMap(({ run }) => summarizeRun(index, run) ?? []),
    )
    const highest =
      summaries.find(ranking.mayBeBest) ??
      (offset === 0 ? await ranking.bestBelow(workspace, index, query, rows.length) : undefined)
    // On test each seed was looked at by itself, and a cost has no seeds.
    const choice =
      highest && !cost && input.split !== 'test'
        ? await seeds.chosenOverSeeds(workspace, index, [highest, ...summaries], {
            metric,
            split: input.split,
            direction,
            only: input.runs && new Set(query.runs),
          })
        : undefined
    const best = choice?.run ?? highest
    const chosen = choice && seedChoiceWords(choice, short)
    const tested =
      input.differences && best && !cost && rows.some(({ source }) => source === 'measured')
        ? await ranking.testedDifferences(workspace, summaries, best, metric, input.split, context)
        : { differences: [], left_out: [], family: undefined }
    const leftOut = [
      ...changed,
      ...notCompared(summaries),
      ...unfinished(index, setting.increment?.id),
      ...tested.left_out,
    ]
    const warnings = [
      ...(setting.note ? [setting.note] : []),
      ...(best && input.split === 'validation' ? tooGoodOnValidation(best) : []),
    ]
    const end = offset + rows.length
    const overSeeds =
      input.differences && best && !cost
        ? await seeds.comparedOverSeeds(
            workspace,
            index,
            summaries,
            { metric, split: input.split, family: tested.family },
            context,
          )
        : undefined
    const before = await import('./comparison/before-look.ts')
    return {
      metric,
      direction,
      ...(cost ? {} : { split: input.split }),
      ...(best && offset === 0 ? { best: best.run } : {}),
      ...(chosen && offset === 0 ? { chosen } : {}),
      rows: summaries.map((run) => ({
        run: run.run,
        state: run.state,
        ...(run.baseline ? { baseline: run.baseline } : {}),
        ...(run.threshold ? { threshold: thresholdWords(run.threshold) } : {}),
        ...(run.notJudgeable ? { not_judgeable: judgeabilityWords(run.notJudgeable) } : {}),
        params: Object.fromEntries(Object.entries(run.params).slice(0, 20)),
        metrics: shownMetrics(run.metrics, metric, input.split),
      })),
      differences: tested.differences.map(shownDifference),
      ...(tested.differences.length > 0 && tested.family !== undefined ? { family: tested.family } : {}),
      ...(overSeeds ? { over_seeds: overSeeds } : {}),
      ...(warnings.length > 0 ? { warnings } : {}),
      ...(leftOut.length > 0 ? { left_out: leftOut } : {}),
      ...(end < total ? { truncated: true, cursor: String(end) } : {}),
      next: afterComparison(
        input.split === 'test' ? undefined : best,
        setting.increment,
        seeds.moreSeeds(overSeeds, summaries),
        before.beforeLook(workspace, index, setting.increment, best),
        choice?.over !== undefined,
      ),
    }
  },
  render({
    metric,
    direction,
    split,
    best,
    chosen,
    warnings,
    rows,
    differences,
    family,
    over_seeds,
    left_out,
    cursor,
    next,
  }) {
    if (rows.length === 0) return `No run has ${metric}.${renderNext(next)}`
    return [
      `by ${metric}, ${direction === 'maximize' ? 'higher' : 'lower'} is better`,
      ...rows.map((row) => {
        const own = row.metrics.filter(({ name }) => name === metric)
        return `${row.run === best ? 'BEST ' : ''}${row.run}${row.baseline ? ` (baseline ${row.baseline})` : ''}  ${own.map(renderMetric).join('; ')}${row.threshold ? `; labels by ${row.threshold}` : ''}${row.not_judgeable ? `  (${row.not_judgeable})` : ''}`
      }),
      ...(chosen ? [chosen] : []),
      ...(warnings ?? []).map((warning) => `warning: ${warning}`),
      ...differences.map(
        ({ a, b, difference, ci, p_adjusted, verdict }) =>
          `${a} against ${b}: ${short(difference)} [${ci.map(short).join(', ')}], ${formatP(p_adjusted)} adjusted: ${verdict.replaceAll('_', ' ')}`,
      ),
      ...(differences.length > 0 || over_seeds?.differences.length ? [adjustmentWords(family, split)] : []),
      ...(over_seeds ? renderOverSeeds(over_seeds) : []),
      ...(left_out ?? []).map(({ run, reason }) => `not compared: ${run} ${reason}`),
      ...(cursor ? [`more with cursor ${cursor}`] : []),
      renderNext(next),
    ].join('\n')
  },
})

/** Of the metrics that runs have, those nearest to a name that none of them has; `undefined` where one has it. */
function nearMetrics(index: Index, metric: string): { names: string[]; hint: string } | undefined {
  const known = index.driver
    .all('SELECT DISTINCT name FROM metrics ORDER BY name')
    .map(({ name }) => String(name))
  if (known.includes(metric)) return undefined
  const names = nearest(metric, known)
  if (known.length === 0) return { names, hint: 'No run has a metric yet.' }
  return {
    names,
    hint:
      names.length > 0
        ? `Did you mean ${names.join(' or ')}?`
        : `There are ${known.slice(0, 20).join(', ')}.`,
  }
}

/** The arguments as the caller gave them: what was left out stays out. */
function asked(input: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(input).filter(
      ([name, value]) => value !== undefined && JSON.stringify(value) !== JSON.stringify(DEFAULTS[name]),
    ),
  )
}

/** The metric that is compared by first, whoever computed it; then a few others of the split. */
function shownMetrics(metrics: readonly Measurement[], metric: string, split: Split): Measurement[] {
  const own = metrics.filter((one) => one.name === metric && (one.split === undefined || one.split === split))
  return [...own, ...metrics.filter((one) => one.name !== metric && one.split === split)].slice(0, 6)
}
