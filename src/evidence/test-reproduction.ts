import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { labRequest } from '../adapters/lab/process.ts'
import { canonicalJson } from '../core/canonical-json.ts'
import type { DatasetRecord } from '../core/dataset-record.ts'
import { Refusal } from '../core/errors.ts'
import { maskText, secretValues } from '../core/secrets.ts'
import { isReproduction, type Reproduction } from '../core/test-reproduction.ts'
import type { Workspace } from '../store/workspace.ts'
import { findDataset, splitFiles } from './datasets.ts'
import { readEvidence, recordedSplits } from './evidence-file.ts'
import { type Ledger, readLedger, withLedger } from './ledger.ts'
import { closedPlaces, type ModelProcessEnd, runModelProcess } from './model-process.ts'
import { type ModelLimit, type SavedModel, savedModel } from './prediction.ts'
import {
  type EvaluatedRun,
  type EvaluationOptions,
  findRunPredictions,
  type RunPredictions,
} from './scoring.ts'
import { fileSha256, requireLabels } from './vault.ts'

export interface ReproductionOptions extends EvaluationOptions {
  /** Interpreter of the run. */
  interpreter: string
  limit: ModelLimit
}

/** What came of it; `tooSlow` where a limit is over that is not final: nothing is decided yet. */
export type ReproductionOutcome = { reproduction: Reproduction } | { tooSlow: true }

type Found = Pick<
  Reproduction,
  'status' | 'rows' | 'rows_differ' | 'what' | 'examples' | 'largest_difference' | 'tolerance' | 'reason'
>

/**
 * Has the saved model predict the sealed test set again, in a clean process of the run's own interpreter and from the
 * features alone, holds that against what was looked at, and puts the outcome into the ledger. No look: nothing is
 * scored. Predictions that this very model reproduced before are not made again.
 * @returns `undefined` where the run was not looked at, or its predictions are other ones since.
 * @throws Refusal VAULT_MISSING, LAB_UNAVAILABLE, LAB_FAILED
 */
export async function reproduceTest(
  workspace: Workspace,
  run: EvaluatedRun,
  options: ReproductionOptions,
): Promise<ReproductionOutcome | undefined> {
  const record = findDataset(workspace, run.dataset)
  const ledger = readLedger(workspace)
  const evidence = readEvidence(run.folder)
  const handedIn = await findRunPredictions(ledger, run, record.hash, 'test')
  const test = evidence && recordedSplits(evidence, ledger).has('test') ? evidence.splits.test : undefined
  if (!handedIn || test?.predictions_sha256 !== handedIn.sha256) return undefined
  const model = savedModel(run.folder)
  const file = model && join(run.folder, model.n)
  const there = file !== undefined && existsSync(file)
  const about = {
    run: run.run,
    dataset_hash: record.hash,
    predictions_sha256: handedIn.sha256,
    model: model?.n ?? null,
    model_sha256: there ? await fileSha256(file) : null,
    code_sha256: codeSha256(run.folder, model),
    made_by_lab: test.predicted_by === 'lab',
    ...(handedIn.threshold ? { threshold: handedIn.threshold.value } : {}),
  }
  const before = reproductionOf(ledger, run.run, record.hash, handedIn.sha256)
  // A clone has no model files: what was proven where they were still holds.
  if (before?.status === 'reproduced' && (!there || isSame(before, about))) return { reproduction: before }
  const found = await find(workspace, run, record, handedIn, there ? model : undefined, model, options)
  if (found === 'too slow') return { tooSlow: true }
  // The model made these predictions itself: what differs is that it does not say the same twice.
  const byConstruction = about.made_by_lab && found.status !== 'reproduced' && found.what !== 'order'
  const reproduction: Reproduction = {
    ...about,
    ...found,
    ...(byConstruction ? { status: 'reproduced' as const } : {}),
  }
  await withLedger(workspace, (now, append) => {
    const last = reproductionOf(now, run.run, record.hash, handedIn.sha256)
    if (!last || canonicalJson(last) !== canonicalJson(reproduction))
      append('test.reproduced', { ...reproduction })
  })
  return { reproduction }
}

/** The last that the ledger holds of a run's very predictions. */
export function reproductionOf(
  ledger: Ledger,
  run: string,
  datasetHash: string,
  predictionsSha256: string | undefined,
): Reproduction | undefined {
  return ledger.lines
    .filter((line) => line.event === 'test.reproduced' && line.verified && isReproduction(line.data))
    .map((line) => line.data as unknown as Reproduction)
    .findLast(
      (one) =>
        one.run === run && one.dataset_hash === datasetHash && one.predictions_sha256 === predictionsSha256,
    )
}

/** Of the copies of the user's modules that lie with the model; null where it needs none, or one is gone. */
export function codeSha256(runFolder: string, model: SavedModel | undefined): string | null {
  const files = Object.entries(model?.code ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))
  const named = model?.predict?.split(':')[0]
  if (named) files.push(['predict', named])
  if (files.length === 0) return null
  try {
    const hashes = files.map(([name, path]) => [
      name,
      createHash('sha256')
        .update(readFileSync(join(runFolder, path)))
        .digest('hex'),
    ])
    return createHash('sha256').update(canonicalJson(hashes)).digest('hex')
  } catch {
    return null
  }
}

function isSame(
  before: Reproduction,
  now: Pick<Reproduction, 'model' | 'model_sha256' | 'code_sha256'>,
): boolean {
  return (
    before.model === now.model &&
    before.model_sha256 === now.model_sha256 &&
    before.code_sha256 === now.code_sha256
  )
}

async function find(
  workspace: Workspace,
  run: EvaluatedRun,
  record: DatasetRecord,
  handedIn: RunPredictions,
  model: SavedModel | undefined,
  named: SavedModel | undefined,
  options: ReproductionOptions,
): Promise<Found | 'too slow'> {
  if (!named) return notPossible('the run saved no model')
  if (!model) return notPossible(`${named.n} is not on this machine`)
  const features = splitFiles(workspace, record).test
  if (!features) return notPossible(`the test features of ${record.dataset} are not on this machine`)
  const labels = await requireLabels(record, workspace)
  const scratch = mkdtempSync(join(tmpdir(), 'specweave-reproduce-'))
  try {
    options.progress?.('Predicting again with the saved model, in a clean process')
    const predicted = join(scratch, 'test.csv')
    const shuffled = isOrderless(record) ? join(scratch, 'shuffled.csv') : undefined
    const end = await runModelProcess({
      interpreter: options.interpreter,
      args: [
        ...['--run-dir', run.folder, '--features', features, '--out', predicted],
        ...(shuffled ? ['--shuffled', shuffled] : []),
        ...closedPlaces(workspace, record, run.folder),
      ],
      cwd: scratch,
      record,
      timeoutS: options.limit.seconds,
      signal: options.signal,
    })
    if (end.timedOut && !options.limit.final) return 'too slow'
    if (!end.ok) return notPossible(inWords(workspace, end))
    return await compare(
      workspace,
      record,
      { labels, handed_in: handedIn.path, predicted, shuffled, threshold: handedIn.threshold?.value },
      options,
    )
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

/** Where rows were dealt to the splits one by one, what is said of a row cannot rightly depend on those around it. */
function isOrderless({ problem_type, split }: DatasetRecord): boolean {
  return (
    (problem_type === 'classification' || problem_type === 'regression') &&
    (split.method === 'random' || split.method === 'stratified')
  )
}

async function compare(
  workspace: Workspace,
  record: DatasetRecord,
  files: {
    labels: string
    handed_in: string
    predicted: string
    shuffled: string | undefined
    threshold: number | undefined
  },
  options: ReproductionOptions,
): Promise<Found> {
  try {
    const found = await labRequest<Omit<Found, 'status' | 'reason'>>(
      'reproduce',
      {
        dataset: workspace.layout.dataset(record.dataset),
        split: 'test',
        problem_type: record.problem_type,
        positive: record.positive,
        classes: record.classes,
        ...files,
      },
      options,
    )
    const { rows, rows_differ, what, examples, largest_difference, tolerance } = found
    return {
      status: what === null ? 'reproduced' : 'differs',
      rows,
      rows_differ,
      what,
      examples,
      largest_difference,
      tolerance,
      reason: null,
    }
  } catch (cause) {
    if (!(cause instanceof Refusal) || cause.code !== 'PREDICTIONS_INVALID') throw cause
    return notPossible(`what the saved model says does not fit the split: ${cause.message}`)
  }
}

function notPossible(reason: string): Found {
  return {
    status: 'not_possible',
    rows: null,
    rows_differ: null,
    what: null,
    examples: [],
    largest_difference: null,
    tolerance: null,
    reason,
  }
}

const LONGEST_REASON = 700

/** What the process said, without what belongs to this machine: the ledger is committed. */
function inWords(workspace: Workspace, end: ModelProcessEnd): string {
  if (end.timedOut) return `the saved model ${end.how}`
  const said = end.stderr.trim()
  // Our own words come last and begin so; what a library printed before them is noise.
  const ours = said.lastIndexOf('specweave: ')
  const text = ours === -1 ? `${end.how}: ${said.slice(-LONGEST_REASON)}` : said.slice(ours + 11)
  return maskText(text, secretValues(process.env))
    .replaceAll(workspace.root, '.')
    .replaceAll(homedir(), '~')
    .replace(/\s*\n\s*/g, ' ')
    .slice(0, LONGEST_REASON)
}
