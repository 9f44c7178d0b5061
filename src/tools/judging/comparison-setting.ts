import { findLab } from '../../adapters/lab/environment.ts'
import { Refusal } from '../../core/errors.ts'
import { parseRunId } from '../../core/ids.ts'
import { isJudgeable } from '../../core/judgeability.ts'
import type { Split } from '../../core/measurement.ts'
import type { Direction } from '../../core/metrics.ts'
import type { RunSummary } from '../../core/run-summary.ts'
import type { ComparisonResult } from '../../evidence/comparison.ts'
import { directionOf, leadingMetric } from '../../increments/criteria-set.ts'
import { type IncrementRef, incrementToShow, readSpec } from '../../increments/load.ts'
import { type RankQuery, rankRuns } from '../../runs/rank-runs.ts'
import { summarizeRun } from '../../runs/summary.ts'
import { type Index, openIndex } from '../../store/index-db.ts'
import { sql } from '../../store/schema.ts'
import type { Workspace } from '../../store/workspace.ts'
import type { ToolContext } from '../context.ts'
import { ownDirection } from '../data/custom-evaluator.ts'

/** Runs beyond these are ranked, and not tested: each test more makes every other one weaker. */
const MOST_TESTED = 20
/** So many runs are looked at at once, where the best stands further down. */
const BELOW = 100

export interface ComparisonSetting {
  increment: IncrementRef | undefined
  /** Where none was named and none is active: which one it is. */
  note?: string
  metric: string
  direction: Direction | undefined
}

/** What is compared by what: the increment's first criterion where nothing else was said. */
export function comparisonSetting(
  workspace: Workspace,
  input: { increment?: string; runs?: readonly string[]; metric?: string },
): ComparisonSetting {
  const { increment, note } =
    input.runs && !input.increment
      ? { increment: undefined, note: undefined }
      : incrementToShow(workspace, input.increment)
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
    ...(note ? { note } : {}),
    metric,
    direction:
      ownDirection(workspace, dataset, metric) ??
      (success.some((one) => one.metric === metric) ? directionOf(success, metric) : undefined),
  }
}

/**
 * Paired tests of each run against the best, the first runs first; what no verdict may rest on is left out. None where the
 * lab is not set up: comparing must not take minutes.
 */
export async function testedDifferences(
  workspace: Workspace,
  runs: readonly RunSummary[],
  best: RunSummary,
  metric: string,
  split: Split,
  context: ToolContext,
): Promise<ComparisonResult> {
  const others = runs.filter(
    (run) =>
      run.run !== best.run && run.dataset === best.dataset && run.state === 'succeeded' && isJudgeable(run),
  )
  const same = [best, ...others].slice(0, MOST_TESTED)
  if (!best.dataset || same.length < 2 || !findLab()) return { differences: [], left_out: [] }
  const { compareOnSplit } = await import('../../evidence/comparison.ts')
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
  const [{ readLedger }, { findDataset }, { triesMade }, { frozenLooks }] = await Promise.all([
    import('../../evidence/ledger.ts'),
    import('../../evidence/datasets.ts'),
    import('./tries.ts'),
    import('../approvals/ledger-decisions.ts'),
  ])
  const ledger = readLedger(workspace)
  const increments = [...new Set(tested.map(({ increment }) => increment))]
  if (split === 'test') {
    const looks = increments.map((id) => frozenLooks(ledger, id) ?? 0)
    return Math.max(tested.length - 1, ...looks)
  }
  const { hash } = findDataset(workspace, best.dataset!)
  const family = new Set(
    increments.flatMap((id) => [...triesMade(ledger, index, id, hash, split === 'folds')]),
  )
  for (const { run } of tested) family.add(run)
  return family.size - 1
}

export function mayBeBest(run: RunSummary): boolean {
  return run.state === 'succeeded' && run.baseline === undefined && isJudgeable(run)
}

/** The best run where none of the first rows may be it, which is rare: the next hundreds are looked through. */
export async function bestBelow(
  workspace: Workspace,
  index: Index,
  query: RankQuery,
  from: number,
): Promise<RunSummary | undefined> {
  for (let offset = from; offset < from + 5 * BELOW; offset += BELOW) {
    const { rows } = rankRuns(index, { ...query, offset, limit: BELOW })
    if (rows.length === 0) return undefined
    const { summaries } = await asRecorded(
      workspace,
      index,
      rows.flatMap(({ run }) => summarizeRun(index, run) ?? []),
    )
    const best = summaries.find(mayBeBest)
    if (best) return best
  }
  return undefined
}

/**
 * Runs with what the ledger holds of them, and whether a verdict could rest on them; one whose evidence was changed
 * afterwards is not compared.
 */
export async function asRecorded(
  workspace: Workspace,
  index: Index,
  runs: readonly RunSummary[],
): Promise<{ summaries: RunSummary[]; changed: { run: string; reason: string }[] }> {
  if (!runs.some(({ dataset, metrics }) => dataset || metrics.some(({ source }) => source === 'measured')))
    return { summaries: [...runs], changed: [] }
  const [{ readLedger }, { changedSplits, withRecordedThreshold }, { withJudgeability, withWaivers }] =
    await Promise.all([
      import('../../evidence/ledger.ts'),
      import('./recorded-evidence.ts'),
      import('./judgeable-runs.ts'),
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
  const folderOf = ({ run }: RunSummary) => folders.get(run) ?? ''
  const changed = runs.filter((run) => changedSplits(folderOf(run), ledger).length > 0)
  const kept = runs
    .filter((run) => !changed.includes(run))
    .map((run) => withRecordedThreshold(run, folderOf(run), ledger))
  return {
    summaries: [...withWaivers(workspace, ledger, withJudgeability(workspace, ledger, kept, folderOf))],
    changed: changed.map(({ run }) => ({
      run,
      reason: 'has an evidence.json that was changed after it was measured: evaluate_run measures it again',
    })),
  }
}
