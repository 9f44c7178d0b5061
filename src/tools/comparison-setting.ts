import { findLab } from '../adapters/lab/environment.ts'
import { Refusal } from '../core/errors.ts'
import { parseRunId } from '../core/ids.ts'
import type { Split } from '../core/measurement.ts'
import type { Direction } from '../core/metrics.ts'
import type { RunSummary } from '../core/run-summary.ts'
import type { ComparisonResult } from '../evidence/comparison.ts'
import { directionOf, leadingMetric } from '../increments/criteria-set.ts'
import { type IncrementRef, readSpec, resolveIncrement } from '../increments/load.ts'
import { type Index, openIndex } from '../store/index-db.ts'
import { sql } from '../store/schema.ts'
import type { Workspace } from '../store/workspace.ts'
import type { ToolContext } from './context.ts'
import { ownDirection } from './custom-evaluator.ts'

/** Runs beyond these are ranked, and not tested: each test more makes every other one weaker. */
const MOST_TESTED = 20

export interface ComparisonSetting {
  increment: IncrementRef | undefined
  metric: string
  direction: Direction | undefined
}

/** What is compared by what: the increment's first criterion where nothing else was said. */
export function comparisonSetting(
  workspace: Workspace,
  input: { increment?: string; runs?: readonly string[]; metric?: string },
): ComparisonSetting {
  const increment = input.runs && !input.increment ? undefined : resolveIncrement(workspace, input.increment)
  if (!increment) {
    if (input.metric) return { increment, metric: input.metric, direction: undefined }
    const first = parseRunId(input.runs?.[0] ?? '')?.increment
    return { ...comparisonSetting(workspace, { increment: first }), increment: undefined }
  }
  const { success, dataset } = readSpec(increment).front.ml
  const metric = input.metric ?? leadingMetric(success)
  if (!metric) throw new Refusal('INPUT_INVALID', 'Nothing says what to compare by.', { missing: ['metric'] })
  return {
    increment,
    metric,
    direction:
      ownDirection(workspace, dataset, metric) ??
      (success.some((one) => one.metric === metric) ? directionOf(success, metric) : undefined),
  }
}

/** Paired tests of each run against the best. None where the lab is not set up: comparing must not take minutes. */
export async function testedDifferences(
  workspace: Workspace,
  runs: readonly RunSummary[],
  best: RunSummary,
  metric: string,
  split: Split,
  context: ToolContext,
): Promise<ComparisonResult> {
  const same = runs
    .filter((run) => run.dataset === best.dataset && run.state === 'succeeded')
    .slice(0, MOST_TESTED)
  if (!best.dataset || same.length < 2 || !findLab()) return { differences: [], left_out: [] }
  const { compareOnSplit } = await import('../evidence/comparison.ts')
  const index = await openIndex(workspace.layout)
  const folders = same.flatMap(
    ({ run }) => index.first(sql.selectFrom('runs').select(['run', 'folder']).where('run', '=', run)) ?? [],
  )
  const family = await familyOf(workspace, index, same, best, split)
  try {
    return await compareOnSplit(
      workspace,
      { dataset: best.dataset, split, metric, runs: folders, reference: best.run, family },
      context,
    )
  } catch (cause) {
    if (cause instanceof Refusal)
      return { differences: [], left_out: [{ run: best.run, reason: `was not tested: ${cause.message}` }] }
    throw cause
  }
}

/**
 * How many tests the adjustment allows for. On validation one for each try of the increments that are compared, whether
 * its run is tested here, stands further down or was deleted; on folds those that were measured on folds as well; on test at least one for each look of the budget.
 */
async function familyOf(
  workspace: Workspace,
  index: Index,
  tested: readonly RunSummary[],
  best: RunSummary,
  split: Split,
): Promise<number> {
  const [{ readLedger }, { findDataset }, { triesOf }, { frozenLooks }] = await Promise.all([
    import('../evidence/ledger.ts'),
    import('../evidence/datasets.ts'),
    import('../evidence/tries.ts'),
    import('./ledger-decisions.ts'),
  ])
  const ledger = readLedger(workspace)
  const increments = [...new Set(tested.map(({ increment }) => increment))]
  if (split === 'test') {
    const looks = increments.map((id) => frozenLooks(ledger, id) ?? 0)
    return Math.max(tested.length - 1, ...looks)
  }
  const { hash } = findDataset(workspace, best.dataset!)
  const family = new Set(increments.flatMap((id) => [...triesOf(ledger, id, hash, split === 'folds')]))
  // The lab's own: nobody chooses among them.
  for (const { run } of index.all(sql.selectFrom('runs').select('run').where('baseline', 'is not', null)))
    family.delete(run)
  for (const { run } of tested) family.add(run)
  return family.size - 1
}

/** Runs with what the ledger holds of them; one whose evidence was changed afterwards is not compared. */
export async function asRecorded(
  workspace: Workspace,
  index: Index,
  runs: readonly RunSummary[],
): Promise<{ summaries: RunSummary[]; changed: { run: string; reason: string }[] }> {
  if (!runs.some(({ metrics }) => metrics.some(({ source }) => source === 'measured')))
    return { summaries: [...runs], changed: [] }
  const [{ readLedger }, { changedSplits, withRecordedThreshold }] = await Promise.all([
    import('../evidence/ledger.ts'),
    import('./recorded-evidence.ts'),
  ])
  const ledger = readLedger(workspace)
  const folders = new Map(
    index
      .all(
        sql
          .selectFrom('runs')
          .select(['run', 'folder'])
          .where(
            'run',
            'in',
            runs.map(({ run }) => run),
          ),
      )
      .map(({ run, folder }) => [run, folder]),
  )
  const isChanged = ({ run }: RunSummary) => changedSplits(folders.get(run) ?? '', ledger).length > 0
  const changed = runs.filter(isChanged)
  return {
    summaries: runs
      .filter((run) => !changed.includes(run))
      .map((run) => withRecordedThreshold(run, folders.get(run.run) ?? '', ledger)),
    changed: changed.map(({ run }) => ({
      run,
      reason: 'has an evidence.json that was changed after it was measured: evaluate_run measures it again',
    })),
  }
}
