import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readJson } from '../adapters/files.ts'
import { labVersion } from '../adapters/lab/process.ts'
import type { DatasetRecord } from '../core/dataset-record.ts'
import { Refusal } from '../core/errors.ts'
import { isModelCost, METRICS } from '../core/metrics.ts'
import type { Workspace } from '../store/workspace.ts'
import { type CostEvidence, type CostMeasurement, costEvidenceSha256 } from './cost-evidence.ts'
import { costMeasurement, decidedFigures, notMeasured } from './cost-measurements.ts'
import { findDataset, splitFiles } from './datasets.ts'
import {
  type Evidence,
  type EvidenceData,
  evidenceSoFar,
  readEvidence,
  writeEvidence,
} from './evidence-file.ts'
import { type Ledger, withLedger } from './ledger.ts'
import { type ModelProcessEnd, runModelProcess } from './model-process.ts'
import { type SavedModel, savedModel } from './prediction.ts'
import { rowsMissing } from './register-again.ts'
import type { EvaluatedRun } from './scoring.ts'
import { fileSha256 } from './vault.ts'

export interface CostOptions {
  /** Of the run, an absolute path: it has the packages that the model needs. */
  interpreter: string
  /** OMP_NUM_THREADS as the run had it. */
  threads?: string
  /** For all of it: loading, which may take nearly all, and the calls. */
  seconds: number
  /** There is no more time to be had: what there was no time for is recorded as not measured. */
  final: boolean
  /** What of this workspace goes on now, by its ids; asked before and after. */
  beside?(): string[]
  signal?: AbortSignal
  progress?(message: string, fraction?: number): void
}

/** What `specweave.model_cost` writes, again after each part. */
interface Answer
  extends Omit<CostEvidence, 'model' | 'split' | 'measurement' | 'measurements' | 'beside' | 'at'> {
  stage: 'loading' | 'reading' | 'predicting' | 'batches' | 'done'
  /** More time would have measured more. */
  short_of_time?: boolean
}

const MEASURED = Object.keys(METRICS).filter(isModelCost)
/** Given to the process beyond its own limit, to start and to write. */
const GRACE_S = 3

/**
 * Measures what a run's saved model costs, in a clean process of the run's interpreter, with the features of the
 * validation split: no labels, no look. What could not be measured is said by name. Recorded in evidence.json, and its
 * hash in the ledger.
 * @returns `undefined` where the time was too short and is not `final`: nothing is recorded then.
 * @throws Refusal MODEL_MISSING, DATASET_UNKNOWN, DATASET_INVALID where the rows are not in this clone.
 */
export async function measureCost(
  workspace: Workspace,
  run: EvaluatedRun,
  options: CostOptions,
): Promise<CostEvidence | undefined> {
  const model = savedModel(run.folder)
  const file = model && statSync(join(run.folder, model.n), { throwIfNoEntry: false })
  if (!model || !file) throw modelMissing(run, model)
  const record = findDataset(workspace, run.dataset)
  const features = splitFiles(workspace, record).validation
  if (!features) throw rowsMissing(record, 'validation')
  const sha256 = file.isFile() ? await fileSha256(join(run.folder, model.n)) : null
  options.progress?.('Measuring what the saved model costs')
  const scratch = mkdtempSync(join(tmpdir(), 'specweave-cost-'))
  const before = options.beside?.() ?? []
  try {
    const out = join(scratch, 'cost.json')
    const end = await runModelProcess({
      interpreter: options.interpreter,
      module: 'specweave.model_cost',
      args: [
        '--run-dir',
        run.folder,
        '--features',
        features,
        '--out',
        out,
        '--seconds',
        `${options.seconds}`,
      ],
      env: options.threads === undefined ? {} : { OMP_NUM_THREADS: options.threads },
      cwd: scratch,
      record,
      timeoutS: options.seconds + GRACE_S,
      signal: options.signal,
    })
    const { stage, short_of_time, ...answer } = readJson<Answer>(out) ?? NOTHING
    if (!options.final && (end.timedOut || short_of_time)) return undefined
    const measured = { ...answer, not_measured: [...answer.not_measured, ...lacking(answer, stage, end)] }
    return await recordCost(workspace, run, record, {
      ...pick(measured),
      ...besides([...before, ...(options.beside?.() ?? [])]),
      model: { path: model.n, sha256 },
      split: 'validation',
    })
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

function besides(runs: readonly string[]): Pick<CostEvidence, 'beside'> {
  return runs.length > 0 ? { beside: [...new Set(runs)].sort() } : {}
}

const NOTHING: Answer = { stage: 'loading', metrics: [], not_measured: [] }

/** Whatever has no figure and no reason yet: the process did not come so far. */
function lacking(
  { metrics, not_measured }: Pick<Answer, 'metrics' | 'not_measured'>,
  stage: Answer['stage'],
  end: ModelProcessEnd,
): { name: string; reason: string }[] {
  const known = new Set([...metrics, ...not_measured].map(({ name }) => name))
  const doing = { loading: 'loading the model', reading: 'reading the features' }[stage as string]
  const said = lastWords(end.stderr)
  const reason = end.timedOut ? `${doing ?? 'the calls'} ${end.how}` : said || `the process ${end.how}`
  return MEASURED.filter((name) => !known.has(name)).map((name) => ({ name, reason }))
}

const LONGEST_WORDS = 500

/** What the SDK said is wrong, which may take several lines, in one; else the last line. */
function lastWords(stderr: string): string {
  const lines = stderr.trim().split('\n')
  const own = lines.findLastIndex((line) => line.startsWith('specweave: '))
  return lines
    .slice(own)
    .join(' ')
    .replace(/^specweave: /, '')
    .replace(/\s+/g, ' ')
    .slice(0, LONGEST_WORDS)
}

/** The members of the record, in their order; what else the process wrote is left out. */
function pick(answer: Omit<Answer, 'stage' | 'short_of_time'>): Omit<Answer, 'stage' | 'short_of_time'> {
  const { metrics, not_measured, unit, machine, load_s, single, batch, throughput, garbage_collection } =
    answer
  const told = { unit, machine, load_s, single, batch, throughput, garbage_collection }
  return {
    metrics,
    not_measured,
    ...Object.fromEntries(Object.entries(told).filter(([, value]) => value !== undefined)),
  }
}

/**
 * As the splits' evidence: the hash is in the ledger first, decided and written under its lock. The figures stand in the
 * ledger as well, so that an earlier measurement counts whatever becomes of the file.
 */
async function recordCost(
  workspace: Workspace,
  run: EvaluatedRun,
  record: DatasetRecord,
  measured: Omit<CostEvidence, 'measurement' | 'measurements' | 'at'>,
): Promise<CostEvidence> {
  const evaluator = readEvidence(run.folder)?.evaluator ?? (await labVersion())
  return withLedger(workspace, (ledger, append) => {
    const so_far = evidenceSoFar(run, record, evaluator)
    const earlier = costLines(ledger, run.run)
    const at = new Date().toISOString()
    const mine = costMeasurement({ ...measured, at })
    const measurements = [...earlier.flatMap((line) => kept(line, so_far)), mine]
    const figures = decidedFigures(measurements)
    const cost: CostEvidence = {
      ...measured,
      metrics: figures.map(({ name, value, ci }) => ({ name, value, ...(ci === undefined ? {} : { ci }) })),
      not_measured: notMeasured(measured, figures),
      measurement: earlier.length + 1,
      measurements,
      at,
    }
    const evidence = { ...so_far, cost }
    const data = { splits: {}, cost: costEvidenceSha256(evidence), cost_measured: mine }
    writeEvidence(run.folder, evidence, data, append)
    return cost
  })
}

function costLines(ledger: Ledger, run: string): EvidenceData[] {
  return ledger.lines
    .filter(
      ({ event, verified, data }) =>
        event === 'evidence.recorded' && verified && data.run === run && data.cost,
    )
    .map(({ data }) => data as unknown as EvidenceData)
}

/** An earlier version kept the figures in evidence.json alone, and of the last measurement alone. */
function kept({ cost, cost_measured }: EvidenceData, evidence: Evidence): CostMeasurement[] {
  if (cost_measured) return [cost_measured]
  return evidence.cost && cost === costEvidenceSha256(evidence) ? [costMeasurement(evidence.cost)] : []
}

function modelMissing(run: EvaluatedRun, model: SavedModel | undefined): Refusal {
  return new Refusal(
    'MODEL_MISSING',
    model
      ? `The model of ${run.run}, ${model.n}, is not here: in a clone there are no model files.`
      : `${run.run} saved no model, so nothing can be measured of it. The script lacks exp.save_model(model).`,
    { missing: [model?.n ?? 'a saved model'] },
  )
}
