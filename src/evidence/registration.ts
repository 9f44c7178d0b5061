import { existsSync, mkdirSync, readdirSync, renameSync, rmdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { asRefusal, temporaryName, writeFileAtomic } from '../adapters/files.ts'
import { labRequest } from '../adapters/lab/process.ts'
import { withLock } from '../adapters/process/lock.ts'
import { privateFolder } from '../adapters/state-folder.ts'
import type { DatasetRecord } from '../core/dataset-record.ts'
import type { ProblemType } from '../core/problem-types.ts'
import type { Workspace } from '../store/workspace.ts'
import { type EvaluatorSource, evaluatorSha256 } from './custom-evaluator.ts'
import { type DatasetSource, locateSource, requireDatasetName } from './dataset-source.ts'
import { listDatasets, listVersions, splitFiles } from './datasets.ts'
import { readLedger, withLedger } from './ledger.ts'
import { cloneId } from './ledger-keys.ts'
import { recordSha256 } from './registered-record.ts'
import { sameSourceWarning } from './same-source.ts'
import type { DataSchema } from './schema-file.ts'
import { searchedSha256 } from './searched-data.ts'
import { closeVault, fileSha256, hasLabels, labelsFile, vaultFolder } from './vault.ts'

/** As `register_dataset` takes it. */
export interface DatasetInput {
  name: string
  source: string
  target: string
  positive?: string
  problem_type: ProblemType
  split?: {
    method?: 'stratified' | 'random' | 'time' | 'group' | 'leave_last_out'
    validation?: number
    test?: number
    time_column?: string
    group_column?: string
    gap?: string | number
    horizon?: number
    seed?: number
  }
  id_column?: string
  /** What every row must keep to; not part of the version, which is the same with and without. */
  schema?: DataSchema
  /** Measures metrics of the user's own; another text is another version. */
  evaluator?: EvaluatorSource
}

export interface Registration {
  record: DatasetRecord
  /** Absolute folder of the version. */
  folder: string
  /** It was registered before, from the same data with the same policy. */
  reused: boolean
  /** What was missing on this machine and was made again from the source. */
  rebuilt: ('labels' | 'rows')[]
  warnings: string[]
}

export interface RegisterOptions {
  signal?: AbortSignal
  progress?(message: string, fraction?: number): void
}

const TIMEOUT_S = 3600
const DAY_MS = 86_400_000

/**
 * Registers a source as the next version of its name: profiled, hashed, split, and its test labels sealed in the vault.
 * The same data with the same policy is the version that exists; what of it is missing on this machine (rows that Git
 * does not hold, sealed labels) is made again. A version appears whole: it is built aside and renamed.
 * @throws Refusal INPUT_INVALID, FILE_MISSING, DATASET_INVALID, LAB_UNAVAILABLE, ...; then nothing was changed.
 */
export async function registerDataset(
  workspace: Workspace,
  input: DatasetInput,
  options: RegisterOptions = {},
): Promise<Registration> {
  requireDatasetName(input.name)
  const source = locateSource(workspace, input.source)
  for (;;) {
    const versions = listVersions(workspace, input.name)
    const params = {
      ...labParams(input, source),
      previous: versions.map(({ folder }) => folder),
      vault: vaultFolder(),
    }
    const added = await addVersion(workspace, input.name, params, source, options)
    const outcome =
      typeof added === 'object' && 'known' in added
        ? await reuse(workspace, added.known, params, options)
        : added
    // Somebody registered a version of this name meanwhile: a later version has to know what that one sealed.
    if (outcome === 'overtaken') continue
    await recordInLedger(workspace, outcome)
    const warnings = [
      ...source.warnings,
      ...sameSourceWarning(workspace, outcome.record),
      ...outcome.record.warnings,
    ]
    return { ...outcome, warnings: [...new Set(warnings)] }
  }
}

function labParams(input: DatasetInput, source: DatasetSource): Record<string, unknown> {
  const { name, target, positive, problem_type, split = {}, id_column, schema, evaluator } = input
  return { source: source.path, name, target, positive, problem_type, split, id_column, schema, evaluator }
}

type Outcome = Omit<Registration, 'warnings'>

async function reuse(
  workspace: Workspace,
  record: DatasetRecord,
  params: Record<string, unknown>,
  options: RegisterOptions,
): Promise<Outcome> {
  const folder = workspace.layout.dataset(record.dataset)
  const labels =
    hasLabels(record.hash) && (await fileSha256(labelsFile(record.hash))) === record.splits.test.labels_sha256
  const missing = Object.entries(splitFiles(workspace, record)).flatMap(([split, path]) =>
    path ? [] : [split],
  )
  if (labels && missing.length === 0) return { record, folder, reused: true, rebuilt: [] }
  await inStaging(workspace, record.name, async (staging) => {
    await seal({ ...params, version: record.version, out: staging }, options)
    for (const split of missing as (keyof DatasetRecord['splits'])[]) {
      const { path } = record.splits[split]
      renameSync(join(staging, path), join(folder, path))
    }
  })
  const rebuilt: Outcome['rebuilt'] = [
    ...(labels ? [] : ['labels' as const]),
    ...(missing.length ? ['rows' as const] : []),
  ]
  return { record, folder, reused: true, rebuilt }
}

/** One reading of the source tells whether it is there already, and else makes the next version of it. */
async function addVersion(
  workspace: Workspace,
  name: string,
  params: Record<string, unknown>,
  source: DatasetSource,
  options: RegisterOptions,
): Promise<Outcome | 'overtaken' | { known: DatasetRecord }> {
  const before = (params.previous as string[]).length
  const next = (listVersions(workspace, name).at(-1)?.version ?? 0) + 1
  return inStaging(workspace, name, async (staging) => {
    const there = listDatasets(workspace, name)
    const known = there.map(({ hash }) => hash)
    const made = await seal({ ...params, known, version: next, out: staging }, options)
    if ('known' in made) return { known: there.find(({ hash }) => hash === made.known)! }
    const record = { ...made, source: { ...made.source, path: source.recorded } }
    return withLock(
      privateFolder('locks', `datasets-${cloneId(workspace)}`),
      () => {
        if (listVersions(workspace, name).length !== before) return 'overtaken'
        writeFileAtomic(join(staging, 'dataset.json'), `${JSON.stringify(record, null, 2)}\n`)
        const folder = workspace.layout.dataset(record.dataset)
        try {
          renameSync(staging, folder)
        } catch (cause) {
          // From another host, which this lock does not reach.
          if (existsSync(folder)) return 'overtaken'
          throw asRefusal(cause, folder)
        }
        return { record, folder, reused: false, rebuilt: [] }
      },
      { signal: options.signal, timeoutS: 60 },
    )
  })
}

async function seal(
  params: Record<string, unknown>,
  options: RegisterOptions,
): Promise<DatasetRecord | { known: string }> {
  const made = await labRequest<DatasetRecord | { known: string }>('register_dataset', params, {
    ...options,
    timeoutS: TIMEOUT_S,
  })
  if (!('known' in made)) closeVault(made.hash)
  return made
}

/** Gives an empty folder beside the versions, and takes away what is left of it. */
async function inStaging<T>(
  workspace: Workspace,
  name: string,
  work: (folder: string) => Promise<T>,
): Promise<T> {
  const parent = join(workspace.layout.datasets, name)
  const staging = join(parent, temporaryName('new'))
  makeFolder(staging)
  try {
    sweep(parent)
    return await work(staging)
  } finally {
    rmSync(staging, { recursive: true, force: true })
    for (const folder of [parent, workspace.layout.datasets]) removeEmpty(folder)
  }
}

function makeFolder(folder: string, attempts = 5): void {
  try {
    mkdirSync(folder, { recursive: true })
  } catch (cause) {
    // Another registration ended and took away the parent, which was empty.
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT' && attempts > 1) makeFolder(folder, attempts - 1)
    else throw asRefusal(cause, folder)
  }
}

/** Takes away what registrations that were killed left behind. */
function sweep(parent: string): void {
  for (const name of readdirSync(parent)) {
    const path = join(parent, name)
    if (!name.startsWith('.new-')) continue
    try {
      if (Date.now() - statSync(path).mtimeMs > DAY_MS) rmSync(path, { recursive: true, force: true })
    } catch {
      // Another process took it away.
    }
  }
}

function removeEmpty(folder: string): void {
  try {
    rmdirSync(folder)
  } catch {
    // It holds versions.
  }
}

/**
 * Also where an earlier call was killed between the version and its line. Of a version that was here before, what
 * dataset.json says now may be anybody's: a line that stands is not followed by another.
 */
async function recordInLedger(workspace: Workspace, { record, reused }: Outcome): Promise<void> {
  const record_sha256 = recordSha256(record)
  const isRecorded = (ledger: ReturnType<typeof readLedger>) =>
    ledger.lines.some(
      ({ event, verified, data }) =>
        event === 'dataset.registered' &&
        verified &&
        data.dataset_hash === record.hash &&
        (reused || data.record_sha256 === record_sha256),
    )
  if (isRecorded(readLedger(workspace))) return
  await withLedger(workspace, (ledger, append) => {
    if (isRecorded(ledger)) return
    append('dataset.registered', {
      dataset: record.dataset,
      dataset_hash: record.hash,
      record_sha256,
      source_sha256: record.source.sha256,
      rows: record.rows,
      test_rows: record.splits.test.rows,
      labels_sha256: record.splits.test.labels_sha256 ?? null,
      searched_sha256: searchedSha256(record) ?? null,
      ...(record.evaluator ? { evaluator_sha256: evaluatorSha256(record) } : {}),
      splits_sha256: {
        train: record.splits.train.sha256,
        validation: record.splits.validation.sha256,
        test: record.splits.test.sha256,
      },
    })
  })
}
