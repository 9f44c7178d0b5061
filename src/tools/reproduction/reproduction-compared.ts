import { join } from 'node:path'
import { readJson } from '../../adapters/files.ts'
import type { DatasetRecord } from '../../core/dataset-record.ts'
import { Refusal } from '../../core/errors.ts'
import { findMeasured } from '../../core/measurement.ts'
import { compareOnSplit } from '../../evidence/comparison.ts'
import { type EvidenceSplit, readEvidence } from '../../evidence/evidence-file.ts'
import { readLedger } from '../../evidence/ledger.ts'
import { predictionsBeside } from '../../evidence/predictions-beside.ts'
import { findPredictions, score } from '../../evidence/scoring.ts'
import { thresholdOf } from '../../evidence/threshold.ts'
import { readSpec, resolveIncrement } from '../../increments/load.ts'
import { sameCode } from '../../runs/capture-code.ts'
import type { FoundRun } from '../../runs/find-run.ts'
import type { RunRecord } from '../../runs/record.ts'
import {
  isWithin,
  type MetricComparison,
  rangeOf,
  type SplitComparison,
} from '../../runs/reproduction-outcome.ts'
import { metricsOf, summarizeIncrement, summarizeRun } from '../../runs/summary.ts'
import type { Index } from '../../store/index-db.ts'
import { runFolder } from '../../store/layout.ts'
import type { Workspace } from '../../store/workspace.ts'
import type { ToolContext } from '../context.ts'
import { asRecorded } from '../judging/comparison-setting.ts'

const SPLITS: readonly EvidenceSplit[] = ['train', 'validation', 'folds', 'test']

export interface Compared {
  splits: SplitComparison[]
  warnings: string[]
}

/**
 * Sets what a run and its repetition predicted beside each other. In a clone that lacks the run's file, the hash in its
 * evidence stands for it.
 */
export async function comparePredictions(was: FoundRun, is: FoundRun): Promise<Compared> {
  const evidence = readEvidence(was.folder)
  const compared: Compared = { splits: [], warnings: [] }
  for (const split of SPLITS) {
    const entry = evidence?.splits[split]
    // What the lab predicted by the saved model was not handed in by the script.
    if (entry?.predicted_by === 'lab') continue
    const before = await findPredictions(was.folder, split)
    const expected = entry?.predictions_sha256 ?? before?.sha256
    if (expected === undefined) continue
    const changed = before !== undefined && before.sha256 !== expected
    if (changed)
      compared.warnings.push(
        `${was.run}: its predictions for ${split} were changed after they were measured; those that were measured are compared`,
      )
    const now = await findPredictions(is.folder, split)
    if (!now) compared.splits.push({ split, same: 'missing' })
    else if (now.sha256 === expected) compared.splits.push({ split, same: 'bytes' })
    else {
      const beside = before && !changed ? predictionsBeside(before.path, now.path) : undefined
      compared.splits.push({
        split,
        same: beside?.same ? 'rows' : 'no',
        ...(beside ? { rows_different: beside.different, rows: beside.rows } : {}),
      })
    }
  }
  return compared
}

/** Numbers that the scripts reported, for runs that handed in no predictions. */
export function compareReported(index: Index, was: string, is: string): MetricComparison[] {
  const now = metricsOf(index, is)
  return metricsOf(index, was).flatMap(({ name, source, value }) => {
    if (source !== 'reported' || typeof value !== 'number') return []
    const other = now.find((metric) => metric.source === 'reported' && metric.name === name)?.value
    const is = typeof other === 'number' ? other : Number.NaN
    return [{ name, split: 'reported', was: value, is, within: Object.is(value, is) }]
  })
}

/**
 * Measures a repetition whose predictions differ, beside the run's measured numbers. Nothing of it is recorded as evidence: a
 * repetition is no try. The test set is left alone: to measure there is a look.
 */
export async function compareMeasured(
  workspace: Workspace,
  index: Index,
  pair: { was: FoundRun; is: FoundRun; record: RunRecord; dataset: DatasetRecord },
  context: ToolContext,
): Promise<{ metrics: MetricComparison[]; warnings: string[] }> {
  const { was, is, dataset } = pair
  const summary = summarizeRun(index, was.run)
  const [recorded] = summary ? (await asRecorded(workspace, index, [summary])).summaries : []
  if (!recorded) return { metrics: [], warnings: [`the measured numbers of ${was.run} do not hold any more`] }
  const split = (['validation', 'folds'] as const).find((one) =>
    recorded.metrics.some((metric) => metric.source === 'measured' && metric.split === one),
  )
  const predictions = split && (await findPredictions(is.folder, split))
  if (!split || !predictions)
    return { metrics: [], warnings: ['nothing was measured on validation that could be compared'] }
  let measured: { name: string; value: unknown }[]
  try {
    const threshold = thresholdOf(readLedger(workspace), was.run, dataset.hash)
    measured = (await score(workspace, dataset, split, { ...predictions, threshold }, undefined, context))
      .metrics
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause
    return { metrics: [], warnings: [`${is.run} could not be measured: ${cause.message}`] }
  }
  const both = measured.flatMap(({ name, value }) => {
    const before = findMeasured(recorded.metrics, name, split)
    return before && typeof value === 'number' ? [{ name, was: before.value, is: value }] : []
  })
  const asked = new Set(
    readSpec(resolveIncrement(workspace, recorded.increment)).front.ml.success.map(({ metric }) => metric),
  )
  const counting = both.some(({ name }) => asked.has(name))
    ? both.filter(({ name }) => asked.has(name))
    : both
  const others = await repeatedSeeds(workspace, index, pair.record)
  const metrics: MetricComparison[] = []
  for (const { name, was: before, is: now } of counting) {
    const values = others.flatMap(({ metrics }) => findMeasured(metrics, name, split)?.value ?? [])
    const range = rangeOf([before, ...values])
    const noise =
      range !== undefined
        ? { seed_range: range, seeds: values.length + 1 }
        : Object.is(before, now) || split === 'folds'
          ? {}
          : await pairedInterval(workspace, pair, name, context)
    metrics.push({ name, split, was: before, is: now, ...noise, within: isWithin(before, now, noise) })
  }
  return { metrics, warnings: [] }
}

async function pairedInterval(
  workspace: Workspace,
  { was, is, dataset }: { was: FoundRun; is: FoundRun; dataset: DatasetRecord },
  metric: string,
  context: ToolContext,
): Promise<{ ci?: [number, number] }> {
  try {
    const { differences } = await compareOnSplit(
      workspace,
      {
        dataset: dataset.dataset,
        split: 'validation',
        metric,
        runs: [was, { ...is, thresholdOf: was.run }],
        reference: was.run,
      },
      context,
    )
    const found = differences.find(({ a }) => a === is.run)
    return found ? { ci: found.ci } : {}
  } catch (cause) {
    // A metric without a paired test: then only equal numbers are as near as chance puts them.
    if (cause instanceof Refusal) return {}
    throw cause
  }
}

/** Other runs of the same code with the same request but for the seed. */
async function repeatedSeeds(workspace: Workspace, index: Index, record: RunRecord) {
  const [increment = ''] = record.run.split('/')
  const { folder } = resolveIncrement(workspace, increment)
  const found = []
  for (const run of summarizeIncrement(index, increment)) {
    if (run.run === record.run || run.state !== 'succeeded') continue
    const other = readJson<RunRecord>(join(runFolder(workspace.layout, folder, run.run), 'run.json'))
    if (!other?.code || other.children || !sameButForSeed(record, other)) continue
    if (await sameCode(workspace.root, record.code?.git_sha ?? null, other.code.git_sha)) found.push(run)
  }
  return (await asRecorded(workspace, index, found)).summaries
}

function sameButForSeed(a: RunRecord, b: RunRecord): boolean {
  const request = ({ command, cwd, params, dataset, baseline, env, code }: RunRecord): string =>
    JSON.stringify([command, cwd, params, dataset, baseline, env, code?.hash])
  return request(a) === request(b)
}
