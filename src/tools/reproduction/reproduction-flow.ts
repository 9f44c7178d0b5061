import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { DatasetRecord } from '../../core/dataset-record.ts'
import { findDataset, type SplitName, splitFiles } from '../../evidence/datasets.ts'
import { readEvidence } from '../../evidence/evidence-file.ts'
import { rowsMissing } from '../../evidence/register-again.ts'
import { recordedReproduction, recordReproduction } from '../../evidence/run-reproductions.ts'
import { changedSplitFiles } from '../../evidence/split-files.ts'
import { resolveIncrement } from '../../increments/load.ts'
import type { FoundRun } from '../../runs/find-run.ts'
import { indexRun, type Look } from '../../runs/index-run.ts'
import { findReproduction, type Repeatable, submitReproduction } from '../../runs/reproduction.ts'
import { impossible } from '../../runs/reproduction-code.ts'
import { type Differed, differ, differencesBetween, notKept } from '../../runs/reproduction-differences.ts'
import { failureOfRepetition } from '../../runs/reproduction-failure.ts'
import { judgeReproduction } from '../../runs/reproduction-outcome.ts'
import { metricsOf } from '../../runs/summary.ts'
import type { Index } from '../../store/index-db.ts'
import type { Workspace } from '../../store/workspace.ts'
import type { ToolContext } from '../context.ts'
import type { JobAnswer } from '../lab-ready.ts'
import type { ReproductionAnswer } from '../reproduce-run.ts'
import { compareMeasured, comparePredictions, compareReported } from './reproduction-compared.ts'

/** So many are shown and recorded; another environment differs in hundreds of packages. */
const MOST_LISTED = 40

/**
 * The repetition that answers a call: one that is there, or a new one.
 * @throws Refusal REPRODUCTION_IMPOSSIBLE; then nothing was queued.
 */
export async function queued(
  workspace: Workspace,
  index: Index,
  was: FoundRun,
  record: Repeatable,
  again: boolean,
): Promise<FoundRun> {
  const known = again ? undefined : findReproduction(index, was.run)
  if (known && indexRun(index, known.run, known.folder)) return known
  requireResult(index, was)
  if (record.dataset) await requireData(workspace, was, record.dataset)
  const { folder } = resolveIncrement(workspace, was.run.split('/')[0])
  return submitReproduction(workspace, index, { run: was.run, increment: folder, record, again })
}

/** What would be compared has to be known before hours are spent on it. */
function requireResult(index: Index, { run, folder }: FoundRun): void {
  if (Object.keys(readEvidence(folder)?.splits ?? {}).length > 0) return
  const metrics = metricsOf(index, run)
  if (metrics.some(({ value }) => typeof value === 'number') || hasPredictions(folder)) return
  throw impossible(
    run,
    'handed in no predictions and reported no number: there is nothing that could come out the same',
  )
}

function hasPredictions(folder: string): boolean {
  return (['train', 'validation', 'folds', 'test'] as const).some((split) =>
    existsSync(join(folder, 'predictions', `${split}.csv`)),
  )
}

/** The very rows that the run was given: by their hashes. */
async function requireData(workspace: Workspace, { run, folder }: FoundRun, id: string): Promise<void> {
  const dataset = findDataset(workspace, id)
  const before = readEvidence(folder)?.dataset_hash
  if (before && before !== dataset.hash)
    throw impossible(
      run,
      `was made with ${id} of hash ${before.slice(0, 12)}, and ${id} is ${dataset.hash.slice(0, 12)} now: a version was put in its place`,
    )
  for (const [split, path] of Object.entries(splitFiles(workspace, dataset)))
    if (!path) throw rowsMissing(dataset, split as SplitName)
  const [changed] = changedSplitFiles(workspace, dataset)
  if (changed)
    throw impossible(
      run,
      `needs the rows of ${id}, and ${changed.split} is no longer the file that was registered`,
    )
}

type Outcome = Pick<
  ReproductionAnswer,
  'outcome' | 'basis' | 'at' | 'splits' | 'metrics' | 'differed' | 'not_laid_out' | 'warnings'
>

/** How a repetition came out, as it was recorded when it was first compared. */
export function recordedAnswer(workspace: Workspace, run: string, reproduction: string): Outcome | undefined {
  const found = recordedReproduction(workspace, run, reproduction)
  return found && shown(found)
}

function shown(found: object): Outcome {
  const { outcome, basis, at, splits, metrics, differed, not_laid_out, warnings } = found as Outcome
  return { outcome, basis, at, splits, metrics, differed, not_laid_out, warnings }
}

/** The same call again has the time that this one has not. */
export interface Later {
  later: true
}

export interface Pair {
  was: FoundRun
  is: FoundRun
  record: Repeatable
  /** At the repetition, which has ended. */
  look: Look
}

/**
 * Compares a repetition that has ended with its run, and records how it came out.
 * @param lab sees to the lab where something has to be measured; its answer is given where that takes longer, or where the
 *   call has no time left for it.
 */
export async function compared(
  workspace: Workspace,
  index: Index,
  { was, is, record, look }: Pair,
  context: ToolContext,
  lab: () => Promise<JobAnswer | Later | undefined>,
): Promise<Outcome | JobAnswer | Later> {
  const succeeded = look.judgement.state === 'succeeded'
  const { splits, warnings } = succeeded
    ? await comparePredictions(was, is)
    : {
        splits: [],
        warnings: failureOfRepetition(record, { folder: is.folder, record: look.facts.record }),
      }
  const dataset = record.dataset ? findDataset(workspace, record.dataset) : undefined
  let metrics: Awaited<ReturnType<typeof compareMeasured>>['metrics'] = []
  if (succeeded && splits.length === 0) metrics = compareReported(index, was.run, is.run)
  else if (dataset && splits.some(({ same }) => same === 'no')) {
    const notNow = await lab()
    if (notNow) return notNow
    const measured = await compareMeasured(workspace, index, { was, is, record, dataset }, context)
    metrics = measured.metrics
    warnings.push(...measured.warnings)
  }
  if (splits.some(({ split, same }) => split === 'test' && same === 'no'))
    warnings.push('the predictions for test differ; what they are worth was not measured, for that is a look')
  const differed = [...differencesBetween(record, look.facts.record), ...dataDifference(was, dataset)]
  if (differed.length > MOST_LISTED)
    warnings.push(`${differed.length - MOST_LISTED} more differences are not listed`)
  const left = notKept(record)
  return shown(
    await recordReproduction(workspace, {
      run: was.run,
      reproduction: is.run,
      ...judgeReproduction({ succeeded, splits, metrics }),
      splits,
      // JSON has no word for a number that is missing.
      metrics: metrics.map((metric) => ({ ...metric, is: Number.isNaN(metric.is) ? null : metric.is })),
      differed: differed.slice(0, MOST_LISTED),
      ...(left.length > 0 ? { not_laid_out: left.slice(0, MOST_LISTED) } : {}),
      ...(warnings.length > 0 ? { warnings } : {}),
    }),
  )
}

function dataDifference({ folder }: FoundRun, dataset: DatasetRecord | undefined): Differed[] {
  const before = readEvidence(folder)?.dataset_hash
  return dataset && before ? differ('data', dataset.dataset, before, dataset.hash) : []
}
