import { takeUpRuns } from '../../memory/take-up-runs.ts'
import { earlierTry, nameOf, tried } from '../../memory/tries.ts'
import { summarizeRun } from '../../runs/summary.ts'
import type { Index } from '../../store/index-db.ts'
import { isIndexTrouble } from '../../store/index-trouble.ts'
import type { Workspace } from '../../store/workspace.ts'
import { recordedView } from './recorded-view.ts'
import { type RunView, renderMetric } from './run-view.ts'

/** What a run was asked for. */
interface Asked {
  name: string
  command: string[]
  cwd?: string
  params?: Record<string, unknown>
  increment: { id: string }
  dataset?: { id: string }
}

/** An index that knows nothing of a large record yet is filled for so long, and goes on with the next call. */
const WITHIN_MS = 1000

/** A run that repeats one of another increment names that and its outcome in its warnings. It runs all the same. */
export async function nameEarlierOutcomes(
  workspace: Workspace,
  index: Index,
  asked: readonly Asked[],
  views: readonly RunView[],
): Promise<void> {
  try {
    takeUpRuns(index, WITHIN_MS)
    for (const [i, view] of views.entries()) {
      const request = asked[i]
      if (view.reused || !request?.dataset) continue
      const line = await earlierOutcome(workspace, index, request, request.dataset.id)
      if (line) view.warnings = [...(view.warnings ?? []), line]
    }
  } catch (cause) {
    // The runs are queued: for want of the index alone they are answered without it.
    if (!isIndexTrouble(cause)) throw cause
  }
}

async function earlierOutcome(
  workspace: Workspace,
  index: Index,
  { name, command, cwd = '.', params = {}, increment }: Asked,
  dataset: string,
): Promise<string | undefined> {
  const found = earlierTry(index, increment.id, tried({ dataset, name, command, cwd, params }))
  const indexed = found && summarizeRun(index, found.run)
  if (!indexed) return undefined
  const { summary, shown } = await recordedView(workspace, indexed, found.folder)
  const measured = summary.metrics.find(
    ({ source, split }) => source === 'measured' && split === 'validation',
  )
  const outcome = shown.not_judgeable
    ? `${summary.state}, but no verdict may rest on it (${summary.notJudgeable?.mark})`
    : summary.state !== 'succeeded'
      ? `${summary.state.replace('_', ' ')}${summary.reason ? `: ${clipped(summary.reason)}` : ''}`
      : `succeeded${measured ? `, ${renderMetric(measured)}` : ''}`
  const version = found.dataset === dataset ? found.dataset : `${nameOf(dataset)}, then ${found.dataset}`
  return `tried before by ${found.run}, ${found.same} on ${version}: ${outcome}`
}

function clipped(text: string): string {
  const line = text.replace(/\s+/g, ' ')
  return line.length <= 160 ? line : `${line.slice(0, 159)}…`
}
