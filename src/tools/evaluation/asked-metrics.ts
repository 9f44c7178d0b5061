import { metricInfo, metricLevel } from '../../core/metrics.ts'
import { readSpec, resolveIncrement } from '../../increments/load.ts'
import type { Workspace } from '../../store/workspace.ts'

/**
 * The metrics with a level, such as `precision_at_recall_0.9`, that an increment's criteria or its baseline rule name:
 * the lab measures them beside its own. None where spec.md cannot be read, which other calls say.
 */
export function askedMetrics(workspace: Workspace, increment: string): string[] {
  try {
    const { success, baseline, problem } = readSpec(resolveIncrement(workspace, increment)).front.ml
    const ofClasses = problem.type === 'classification'
    const names = [...success.map(({ metric }) => metric), ...(baseline ? [baseline.metric] : [])]
    const fits = (name: string) => (metricInfo(name)?.family === 'classification') === ofClasses
    return [...new Set(names.filter((name) => metricLevel(name) && fits(name)))]
  } catch {
    return []
  }
}
