import { isJudgeable } from '../../core/judgeability.ts'
import type { Measurement } from '../../core/measurement.ts'
import { meanOf } from '../../reports/seed-means.ts'
import { summarizeRun } from '../../runs/summary.ts'
import type { Index } from '../../store/index-db.ts'
import type { Workspace } from '../../store/workspace.ts'
import { asRecorded } from '../judging/comparison-setting.ts'
import type { SeedsOfRun } from './seeds-shown.ts'

const MOST_METRICS = 20

/** @param children run ids */
export async function seedsOfRun(
  workspace: Workspace,
  index: Index,
  children: readonly string[],
): Promise<SeedsOfRun | undefined> {
  const { summaries } = await asRecorded(
    workspace,
    index,
    children.flatMap((run) => summarizeRun(index, run) ?? []),
  )
  const counted = summaries.filter((run) => run.state === 'succeeded' && isJudgeable(run))
  const values = new Map<string, { metric: Measurement; values: number[] }>()
  for (const metric of counted.flatMap(({ metrics }) => metrics)) {
    if (metric.source !== 'measured' || metric.split === 'train' || typeof metric.value !== 'number') continue
    const key = `${metric.name} ${metric.split ?? ''}`
    const found = values.get(key) ?? { metric, values: [] }
    values.set(key, { metric, values: [...found.values, metric.value] })
  }
  if (values.size === 0) return undefined
  return {
    seeds: children.length,
    counted: counted.length,
    metrics: [...values.values()].slice(0, MOST_METRICS).map(({ metric: { name, split }, values }) => {
      const { measured, mean, spread } = meanOf(values)!
      return {
        name,
        ...(split ? { split } : {}),
        seeds: measured,
        mean,
        ...(spread === undefined ? {} : { spread }),
      }
    }),
  }
}
