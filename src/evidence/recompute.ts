import type { DatasetRecord } from '../core/dataset-record.ts'
import { Refusal } from '../core/errors.ts'
import { metricLevel } from '../core/metrics.ts'
import type { Workspace } from '../store/workspace.ts'
import { findDataset, type SplitName } from './datasets.ts'
import { type Evidence, readEvidence, recordedSplits, type SplitEvidence } from './evidence-file.ts'
import { figureCount, otherMethods, otherMethodsInWords, wrongFigures } from './figures.ts'
import { type JudgedPredictions, judgedBefore } from './kept-predictions.ts'
import type { Ledger } from './ledger.ts'
import { proveDataset } from './prove-dataset.ts'
import type { RebuildOptions, Rebuilt } from './rebuild.ts'
import { type RecomputedLift, recomputeLifts } from './recomputed-lifts.ts'
import { findPredictions, type Predictions, type RunPredictions, score } from './scoring.ts'
import { isSameThreshold, otherThreshold, thresholdOf } from './threshold.ts'
import { notChosenThere } from './threshold-choice.ts'
import { labelsFile } from './vault.ts'

export interface MeasuredRun {
  /** `0042/exp-003-xgboost` */
  run: string
  /** Absolute. */
  folder: string
}

export interface JudgedIncrement {
  /** `0042` */
  id: string
  status: string
}

/** What became of one split's evidence. */
export interface RecomputedSplit {
  run: string
  split: SplitName
  /** `proven`: every figure came out again; `wrong`: see `problems`; `unknown`: could not be computed, see `problems`. */
  status: 'proven' | 'wrong' | 'unknown'
  /** The latest verdict of the increment read it: then it has to be proven. */
  judged: boolean
  /** Values and intervals that came out again. */
  figures: number
  problems: string[]
  /** Of what is proven: intervals that were left out of it, in words. */
  notes?: string[]
}

export interface RecomputedDataset extends Rebuilt {
  /** `churn@1` */
  dataset: string
  problems: string[]
}

export interface Recomputation {
  datasets: RecomputedDataset[]
  splits: RecomputedSplit[]
  /** Lifts over baselines, as the ledger holds them. */
  lifts: RecomputedLift[]
  /** Runs whose model's cost stands in evidence.json: a time cannot be computed again, only the ledger proves it. */
  costs: string[]
  /** Wrong beside datasets and splits: verdicts whose predictions were never kept. */
  problems: string[]
  /** Everything that a verdict read was computed again, and nothing at all is wrong. */
  proven: boolean
}

/**
 * Scores the predictions that are here again, from labels that are proven to be the registered ones, and compares with
 * each run's evidence.json. It is no look: nothing is recorded, and on test nothing is scored but what was looked at.
 * @param increments whose verdicts have to be proven; @param runs their runs.
 * @throws Refusal LAB_UNAVAILABLE, LAB_FAILED; whatever is wrong with the records is told in the answer.
 */
export async function recompute(
  workspace: Workspace,
  ledger: Ledger,
  increments: readonly JudgedIncrement[],
  runs: readonly MeasuredRun[],
  options: RebuildOptions = {},
): Promise<Recomputation> {
  const problems: string[] = []
  const judged = new Map<string, JudgedPredictions>()
  for (const { id, status } of increments) {
    const verdicts = judgedBefore(ledger, id)
    const read = verdicts.at(-1)
    if (read) for (const one of read) judged.set(`${one.run} ${one.split}`, one)
    else if (verdicts.length > 0)
      problems.push(
        `${id}: its verdict was recorded by an earlier version, which kept no predictions. \`specweave-ml validate-increment ${id}\` where the predictions are keeps them.`,
      )
    else if (status === 'completed')
      problems.push(`${id}: it is completed, and the ledger holds no verdict of it`)
  }
  const readOnTest = new Map(
    [...judged.values()].flatMap(({ run, split, sha256 }) =>
      split === 'test' ? [[run, sha256] as const] : [],
    ),
  )
  const known = new Datasets(workspace, ledger, options)
  const splits: RecomputedSplit[] = []
  const costs: string[] = []
  for (const [done, { run, folder }] of runs.entries()) {
    const evidence = readEvidence(folder)
    if (evidence?.cost) costs.push(run)
    const measured = Object.keys(evidence?.splits ?? {}) as SplitName[]
    const asked = [...judged.values()].filter((one) => one.run === run).map(({ split }) => split)
    for (const split of new Set([...asked, ...measured])) {
      options.progress?.(`scoring ${run} ${split} again`, done / runs.length)
      const one = judged.get(`${run} ${split}`)
      const found = await recomputeSplit(
        workspace,
        ledger,
        { run, folder },
        split,
        evidence,
        one,
        known,
        options,
      )
      splits.push({ run, split, judged: one !== undefined, ...found })
      judged.delete(`${run} ${split}`)
    }
  }
  for (const { run, split } of judged.values())
    splits.push({
      run,
      split,
      judged: true,
      ...unknown('the run that the verdict read is not in this clone'),
    })
  const lifts = await recomputeLifts(
    workspace,
    ledger,
    runs,
    readOnTest,
    (evidence) => known.proven(evidence),
    options,
  )
  const datasets = known.all()
  const proven =
    problems.length === 0 &&
    datasets.every((one) => one.problems.length === 0) &&
    [...splits, ...lifts].every(
      ({ status, judged }) => status === 'proven' || (status === 'unknown' && !judged),
    )
  return { datasets, splits, lifts, costs, problems, proven }
}

type Found = Pick<RecomputedSplit, 'status' | 'figures' | 'problems' | 'notes'>

const unknown = (problem: string): Found => ({ status: 'unknown', figures: 0, problems: [problem] })
const wrong = (...problems: string[]): Found => ({ status: 'wrong', figures: 0, problems })

async function recomputeSplit(
  workspace: Workspace,
  ledger: Ledger,
  run: MeasuredRun,
  split: SplitName,
  evidence: Evidence | undefined,
  judged: JudgedPredictions | undefined,
  datasets: Datasets,
  options: RebuildOptions,
): Promise<Found> {
  const entry = evidence?.splits[split]
  if (!evidence || !entry) return wrong('evidence.json lacks what the verdict read')
  if (evidence.run !== run.run) return wrong(`evidence.json is that of ${evidence.run}`)
  const threshold = thresholdOf(ledger, run.run, evidence.dataset_hash)
  if (!isSameThreshold(evidence.threshold, threshold))
    return wrong(otherThreshold(evidence.threshold, threshold))
  const predictions = await predictionsOf(run, split)
  if (!predictions) return unknown(notInClone(split, judged))
  if ('problem' in predictions) return wrong(predictions.problem)
  for (const [who, sha256] of [
    ['evidence.json', entry.predictions_sha256],
    ['the ledger', judged?.sha256],
  ])
    if (sha256 !== undefined && sha256 !== predictions.sha256)
      return wrong(
        `predictions/${predictions.path.split('/').at(-1)} was changed: what it holds has SHA-256 ${predictions.sha256.slice(0, 12)}..., and ${who} says ${sha256.slice(0, 12)}...`,
      )
  const dataset = await datasets.proven(evidence)
  if ('problem' in dataset) return unknown(dataset.problem)
  if (split === 'test' && !wasLookedAt(evidence, predictions, ledger))
    return wrong(
      'evidence.json has numbers for test, and the ledger holds no look that gave them: nothing was scored',
    )
  return compared(workspace, dataset.record, split, entry, { ...predictions, threshold }, options)
}

async function compared(
  workspace: Workspace,
  record: DatasetRecord,
  split: SplitName,
  entry: SplitEvidence,
  predictions: RunPredictions,
  options: RebuildOptions,
): Promise<Found> {
  const labels = split === 'test' ? labelsFile(record.hash) : undefined
  try {
    const also = entry.metrics.map(({ name }) => name).filter((name) => metricLevel(name))
    const again = await score(workspace, record, split, predictions, labels, {
      ...options,
      also,
      progress() {},
    })
    const problems = wrongFigures(entry, again)
    if (split === 'validation' && predictions.threshold) {
      const problem = await notChosenThere(workspace, record, predictions, predictions.threshold, options)
      if (problem) problems.push(problem)
    }
    if (problems.length > 0) return wrong(...problems)
    const other = otherMethods(entry, again)
    const notes = other.length > 0 ? { notes: otherMethodsInWords(other) } : {}
    return { status: 'proven', figures: figureCount(entry) - other.length, problems: [], ...notes }
  } catch (cause) {
    if (cause instanceof Refusal && /^(?:PREDICTIONS|DATASET)_/.test(cause.code)) return wrong(cause.message)
    throw cause
  }
}

async function predictionsOf(
  { folder }: MeasuredRun,
  split: SplitName,
): Promise<Predictions | { problem: string } | undefined> {
  return findPredictions(folder, split).catch((cause) => {
    if (cause instanceof Refusal) return { problem: cause.message }
    throw cause
  })
}

function notInClone(split: SplitName, judged: JudgedPredictions | undefined): string {
  const file = `predictions/${split}.csv.gz`
  if (!judged) return 'not in this clone'
  if (judged.not_kept === 'too_large')
    return `not in this clone: too large to be kept beside the verdict. Commit it as ${file} (Git LFS will do), or put it there before this command`
  if (judged.not_kept) return 'not in this clone: it was not there any more when the verdict was recorded'
  return `${file} is missing: the verdict read it, and it was kept for Git`
}

/** Else an evidence.json that somebody typed would have the lab score new predictions on test, and tell the numbers. */
function wasLookedAt(evidence: Evidence, predictions: Predictions, ledger: Ledger): boolean {
  if (recordedSplits(evidence, ledger).has('test')) return true
  return ledger.lines.some(
    ({ event, verified, data }) =>
      event === 'look.taken' &&
      verified &&
      data.run === evidence.run &&
      data.dataset_hash === evidence.dataset_hash &&
      data.predictions_sha256 === predictions.sha256 &&
      data.threshold === evidence.threshold?.value,
  )
}

/** Each data set is proven once, when the first run needs it. */
class Datasets {
  readonly #workspace: Workspace
  readonly #ledger: Ledger
  readonly #options: RebuildOptions
  readonly #found = new Map<string, { record?: DatasetRecord; result: RecomputedDataset }>()

  constructor(workspace: Workspace, ledger: Ledger, options: RebuildOptions) {
    this.#workspace = workspace
    this.#ledger = ledger
    this.#options = options
  }

  all(): RecomputedDataset[] {
    return [...this.#found.values()].map(({ result }) => result)
  }

  async proven({
    dataset,
    dataset_hash,
  }: Evidence): Promise<{ record: DatasetRecord } | { problem: string }> {
    const { record, result } = this.#found.get(dataset) ?? (await this.#prove(dataset))
    if (!record || result.problems.length > 0)
      return { problem: `${dataset} could not be proven, so nothing was scored on it` }
    return record.hash === dataset_hash
      ? { record }
      : { problem: `it was measured on data of another hash than ${dataset} has` }
  }

  async #prove(dataset: string) {
    const found: { record?: DatasetRecord; result: RecomputedDataset } = {
      result: { dataset, made: [], problems: [] },
    }
    this.#found.set(dataset, found)
    try {
      found.record = findDataset(this.#workspace, dataset)
      Object.assign(
        found.result,
        await proveDataset(this.#workspace, this.#ledger, found.record, found.result.problems, this.#options),
      )
    } catch (cause) {
      if (!(cause instanceof Refusal) || /^LAB_/.test(cause.code)) throw cause
      found.result.problems.push(cause.message)
    }
    return found
  }
}
