import { createHash } from 'node:crypto'
import { lstatSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { RunSummary } from '../../core/run-summary.ts'
import type { CostEvidence } from '../../evidence/cost-evidence.ts'
import {
  type Evidence,
  evidenceFile,
  measurementsOf,
  readEvidence,
  recordedSplits,
} from '../../evidence/evidence-file.ts'
import type { Ledger } from '../../evidence/ledger.ts'
import { thresholdOf } from '../../evidence/threshold.ts'

/** The splits, and `cost`, whose numbers in evidence.json are not those that the ledger holds. */
export function changedSplits(folder: string, ledger: Ledger): string[] {
  const evidence = readEvidence(folder)
  if (!evidence) return isThere(folder) ? ['every split'] : []
  return unrecorded(evidence, recordedSplits(evidence, ledger))
}

/** What a run's model costs, where the ledger holds it. */
export function recordedCost(folder: string, ledger: Ledger): CostEvidence | undefined {
  const evidence = readEvidence(folder)
  return evidence?.cost && recordedSplits(evidence, ledger).has('cost') ? evidence.cost : undefined
}

/** The run with the threshold by which its labels are made, where one was chosen. */
export function withRecordedThreshold(run: RunSummary, folder: string, ledger: Ledger): RunSummary {
  const evidence = readEvidence(folder)
  const threshold = evidence && thresholdOf(ledger, evidence.run, evidence.dataset_hash)
  return threshold ? { ...run, threshold } : run
}

/** Also as a link or a folder: what the lab wrote is gone then. */
function isThere(folder: string): boolean {
  return lstatSync(evidenceFile(folder), { throwIfNoEntry: false }) !== undefined
}

function unrecorded(evidence: Evidence, recorded: ReadonlySet<string>): string[] {
  const parts = [...Object.keys(evidence.splits), ...(evidence.cost ? ['cost'] : [])]
  return parts.filter((part) => !recorded.has(part))
}

/**
 * A run as it may be shown and judged: evidence that was changed after it was measured is not measured any more.
 * @param baselineTest whether the test values of a baseline may be shown: only beside a candidate's.
 */
export function withRecordedEvidence(
  run: RunSummary,
  folder: string,
  ledger: Ledger,
  baselineTest: boolean,
): RunSummary {
  const reported = run.metrics.filter(({ source }) => source === 'reported')
  const evidence = readEvidence(folder)
  if (!evidence && !isThere(folder))
    return reported.length === run.metrics.length ? run : { ...run, metrics: reported }
  if (!evidence) return { ...run, metrics: reported, warnings: [...run.warnings, changed('every split')] }
  const recorded = recordedSplits(evidence, ledger)
  const threshold = thresholdOf(ledger, evidence.run, evidence.dataset_hash)
  return {
    ...run,
    ...(threshold ? { threshold } : {}),
    metrics: [...measurementsOf(evidence, { baselineTest, recorded }), ...reported],
    warnings: [...run.warnings, ...unrecorded(evidence, recorded).map(changed)],
  }
}

function changed(split: string): string {
  return `evidence.json: the numbers for ${split} are not those that the ledger holds; they do not count`
}

const LARGEST = 2 * 1024 ** 3

/** @returns what is wrong with the saved model's file, or `undefined` where it is the one that was recorded. */
export function modelProblem(run: RunSummary, folder: string): string | undefined {
  const model = run.artifacts.find(({ kind }) => kind === 'model')
  if (!model?.sha256) return undefined
  const stat = statSync(join(folder, model.path), { throwIfNoEntry: false })
  // In a clone there are no model files: they are too large to commit.
  if (!stat) return undefined
  if (!stat.isFile() || stat.size > LARGEST) return undefined
  const sha256 = createHash('sha256')
    .update(readFileSync(join(folder, model.path)))
    .digest('hex')
  return sha256 === model.sha256 ? undefined : `${model.path} is no longer the file that the run recorded.`
}
