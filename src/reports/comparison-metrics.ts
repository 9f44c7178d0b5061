import { isJudgeable } from '../core/judgeability.ts'
import type { RunSummary } from '../core/run-summary.ts'
import { measuredOn } from './best-run.ts'
import { code } from './markdown-text.ts'
import { formatMeasurement } from './number-format.ts'
import { codeLabel } from './run-words.ts'
import { table } from './table.ts'

const MOST_COLUMNS = 6

/** The other metrics that were measured on validation, a column each, those of the most runs first. */
export function otherMetricsTable(runs: readonly RunSummary[], ranking: string): string | undefined {
  const counts = new Map<string, number>()
  for (const run of runs)
    for (const { source, split, name } of run.metrics)
      if (source === 'measured' && split === 'validation' && name !== ranking)
        counts.set(name, (counts.get(name) ?? 0) + 1)
  const names = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).map(([name]) => name)
  const shown = names.slice(0, MOST_COLUMNS)
  if (shown.length === 0) return undefined
  const measured = runs.filter((run) => shown.some((name) => measuredOn(run, name, 'validation')))
  const text = table(
    [{ title: 'Run' }, ...shown.map((name) => ({ title: code(name, 60) }))],
    measured.map((run) => [
      `${codeLabel(run.run)}${isJudgeable(run) ? '' : ' (not judgeable)'}`,
      ...shown.map((name) => {
        const value = measuredOn(run, name, 'validation')
        return value && formatMeasurement(value)
      }),
    ]),
  )
  const more = names.slice(MOST_COLUMNS)
  return more.length === 0
    ? text
    : `${text}\n\nMeasured too: ${more.map((name) => code(name, 60)).join(', ')}.`
}
