import { canonicalJson } from '../core/canonical-json.ts'
import type { DatasetRecord } from '../core/dataset-record.ts'
import { Refusal } from '../core/errors.ts'
import type { LiftInterval, LiftMeasured } from '../core/lift-measured.ts'
import type { Workspace } from '../store/workspace.ts'
import { type Evidence, readEvidence, recordedSplits } from './evidence-file.ts'
import { isSame } from './figures.ts'
import type { Ledger } from './ledger.ts'
import { liftAgain, recordedLifts } from './lifts.ts'
import { type EvaluationOptions, findPredictions, type Predictions } from './scoring.ts'
import { thresholdOf } from './threshold.ts'

/** What became of one lift over a baseline that the ledger holds (`lift.measured`). */
export interface RecomputedLift {
  run: string
  baseline: string
  metric: string
  lift: number
  /** `proven`: it came out again; `wrong` or `unknown`: see `problem`. */
  status: 'proven' | 'wrong' | 'unknown'
  /** It is of the very predictions that the latest verdict read. */
  judged: boolean
  problem?: string
}

interface Place {
  run: string
  folder: string
}

/**
 * Measures the lifts of these runs again and compares them with the ledger. Nothing is recorded, and nothing is set beside
 * anything that was not looked at.
 * @param read SHA-256 of the test predictions that a verdict read, by run.
 * @param proven the data set that evidence was measured on, where its labels are the registered ones.
 */
export async function recomputeLifts(
  workspace: Workspace,
  ledger: Ledger,
  runs: readonly Place[],
  read: ReadonlyMap<string, string>,
  proven: (evidence: Evidence) => Promise<{ record: DatasetRecord } | { problem: string }>,
  options: EvaluationOptions,
): Promise<RecomputedLift[]> {
  const folders = new Map(runs.map(({ run, folder }) => [run, folder]))
  // Measured again by another lab, the later line is the one that is read.
  const lifts = new Map<string, LiftMeasured>()
  for (const lift of recordedLifts(ledger)) {
    const { run, baseline, metric, lift: asked, predictions_sha256, baseline_sha256 } = lift
    if (folders.has(run))
      lifts.set(canonicalJson([run, baseline, metric, asked, predictions_sha256, baseline_sha256]), lift)
  }
  const found: RecomputedLift[] = []
  for (const recorded of lifts.values()) {
    const { run, baseline, metric, lift } = recorded
    const judged =
      read.get(run) === recorded.predictions_sha256 && read.get(baseline) === recorded.baseline_sha256
    options.progress?.(`computing the lift of ${run} over ${baseline} again`)
    found.push({
      run,
      baseline,
      metric,
      lift,
      judged,
      ...(await again(workspace, ledger, recorded, folders, proven, options)),
    })
  }
  return found
}

type Found = Pick<RecomputedLift, 'status' | 'problem'>

const unknown = (problem: string): Found => ({ status: 'unknown', problem })
const wrong = (problem: string): Found => ({ status: 'wrong', problem })

async function again(
  workspace: Workspace,
  ledger: Ledger,
  recorded: LiftMeasured,
  folders: ReadonlyMap<string, string>,
  proven: (evidence: Evidence) => Promise<{ record: DatasetRecord } | { problem: string }>,
  options: EvaluationOptions,
): Promise<Found> {
  const evidence = readEvidence(folders.get(recorded.run) ?? '')
  if (!evidence) return unknown(`${recorded.run} has no evidence.json here`)
  const candidate = await looked(ledger, folders.get(recorded.run), recorded.predictions_sha256)
  const baseline = await looked(ledger, folders.get(recorded.baseline), recorded.baseline_sha256)
  if (!candidate || !baseline)
    return unknown(
      `the test predictions of ${candidate ? recorded.baseline : recorded.run} that it was measured on are not in this clone`,
    )
  const dataset = await proven(evidence)
  if ('problem' in dataset) return unknown(dataset.problem)
  if (dataset.record.hash !== recorded.dataset_hash) return unknown('it was measured on other data')
  try {
    const threshold = thresholdOf(ledger, recorded.run, recorded.dataset_hash)?.value
    const is = await liftAgain(
      workspace,
      dataset.record,
      recorded,
      { candidate, baseline, threshold },
      options,
    )
    return compared(recorded.interval, is.interval)
  } catch (cause) {
    if (cause instanceof Refusal && /^(?:PREDICTIONS|DATASET)_/.test(cause.code)) return wrong(cause.message)
    throw cause
  }
}

function compared(was: LiftInterval | null, is: LiftInterval | null): Found {
  if (!was || !is)
    return was === is
      ? { status: 'proven' }
      : wrong(
          `the ledger ${was ? 'holds an interval' : 'holds none'}, and the predictions give ${is ? 'one' : 'none'}`,
        )
  const differs = (Object.keys(is) as (keyof LiftInterval)[]).filter((name) => !isSame(was[name], is[name]))
  return differs.length === 0
    ? { status: 'proven' }
    : wrong(
        differs
          .map(
            (name) =>
              `${name}: ${canonicalJson(was[name] ?? null)} stands in the ledger, and the predictions give ${canonicalJson(is[name])}`,
          )
          .join('; '),
      )
}

/** The very predictions, where they are here and were looked at: else new ones would be told of the sealed labels. */
async function looked(
  ledger: Ledger,
  folder: string | undefined,
  sha256: string,
): Promise<Predictions | undefined> {
  const evidence = folder === undefined ? undefined : readEvidence(folder)
  if (!folder || evidence?.splits.test?.predictions_sha256 !== sha256) return undefined
  if (!recordedSplits(evidence, ledger).has('test')) return undefined
  const file = await findPredictions(folder, 'test').catch(() => undefined)
  return file?.sha256 === sha256 ? file : undefined
}
