import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { asRefusal, temporaryName } from '../adapters/files.ts'
import { labRequest } from '../adapters/lab/process.ts'
import { privateFolder } from '../adapters/state-folder.ts'
import type { DatasetRecord } from '../core/dataset-record.ts'
import { Refusal } from '../core/errors.ts'
import type { Workspace } from '../store/workspace.ts'
import { evaluatorSha256, frozenEvaluator } from './custom-evaluator.ts'
import { listDatasets, type SplitName, splitFiles } from './datasets.ts'
import { isSame } from './figures.ts'
import type { Ledger } from './ledger.ts'
import { policyOf } from './register-again.ts'
import type { EvaluationOptions } from './scoring.ts'
import { closeVault, fileSha256, hasLabels, labelsFile, vaultFolder } from './vault.ts'

export interface RebuildOptions extends EvaluationOptions {
  /** Where sources lie, by data set (`churn`) or version (`churn@1`), where not at the recorded path. */
  sources?: ReadonlyMap<string, string>
}

export interface Rebuilt {
  /** What was missing on this machine and was made again; empty where everything was there. */
  made: ('labels' | SplitName)[]
  /** The source that it was made from, as it was named. */
  source?: string
}

const TIMEOUT_S = 3600

/**
 * Sees to it that a data set's sealed labels and rows are on this machine. Where they are not, its source is registered
 * again, aside, with the policy of dataset.json; only what comes out equal to dataset.json by its hashes is taken over:
 * labels into this machine's vault, rows beside dataset.json. Nothing is recorded.
 * @throws Refusal VAULT_MISSING where the source is not here; DATASET_INVALID where source, dataset.json or ledger differ.
 */
export async function rebuildDataset(
  workspace: Workspace,
  record: DatasetRecord,
  options: RebuildOptions = {},
): Promise<Rebuilt> {
  const made = await missingParts(workspace, record)
  if (made.length === 0) return { made }
  const source = await provenSource(workspace, record, options)
  const earlier = await earlierVersions(workspace, record, options)
  const staging = mkdtempSync(join(privateFolder('rebuild'), `${record.name}-`))
  try {
    const out = join(staging, 'out')
    const vault = join(staging, 'vault')
    for (const folder of [out, vault]) mkdirSync(folder, { mode: 0o700 })
    for (const { hash } of earlier.versions)
      if (hasLabels(hash)) symlinkSync(dirname(labelsFile(hash)), join(vault, hash))
    const again = await registerAside(
      workspace,
      record,
      { source: source.path, earlier, out, vault },
      options,
    )
    refuseUnequal(record, again, earlier)
    takeOver(workspace, record, made, out, join(vault, record.hash, 'test.csv'))
  } finally {
    rmSync(staging, { recursive: true, force: true })
  }
  return { made, source: source.named }
}

async function missingParts(workspace: Workspace, record: DatasetRecord): Promise<Rebuilt['made']> {
  const labels =
    hasLabels(record.hash) && (await fileSha256(labelsFile(record.hash))) === record.splits.test.labels_sha256
  const rows = Object.entries(splitFiles(workspace, record)).flatMap(([split, path]) =>
    path ? [] : [split as SplitName],
  )
  return [...(labels ? [] : (['labels'] as const)), ...rows]
}

async function provenSource(workspace: Workspace, record: DatasetRecord, { sources }: RebuildOptions) {
  const named = sources?.get(record.dataset) ?? sources?.get(record.name)
  const shown = named ?? record.source.path
  // A path of the record is somebody else's text: it may not lead out of the clone.
  const path = named === undefined ? resolve(workspace.root, record.source.path) : resolve(named)
  const outside =
    named === undefined && (isAbsolute(record.source.path) || record.source.path.startsWith('..'))
  if (outside || !existsSync(path)) throw sourceMissing(record, named)
  const sha256 = await fileSha256(path)
  if (sha256 === record.source.sha256) return { path, named: shown }
  const other = listDatasets(workspace, record.name).find(({ source }) => source.sha256 === sha256)
  if (other && named === undefined)
    throw sourceMissing(record, named, `; ${shown} is the source of ${other.dataset} now`)
  throw new Refusal(
    'DATASET_INVALID',
    `The source data was changed: ${shown} has SHA-256 ${short(sha256)}, and ${record.dataset} was registered from ${short(record.source.sha256)}.`,
    { next: [{ person: `git log --oneline -- '${shown}'`, why: 'shows who changed it' }] },
  )
}

function sourceMissing(record: DatasetRecord, named: string | undefined, more = ''): Refusal {
  return new Refusal(
    'VAULT_MISSING',
    `The source of ${record.dataset} is not in this clone (${named ?? record.source.path}, SHA-256 ${short(record.source.sha256)})${more}: its sealed labels cannot be made again.`,
    {
      missing: ['source'],
      next: [
        {
          person: `specweave-ml verify --recompute --source ${record.dataset}=PATH`,
          why: 'says where the file lies that was registered',
        },
      ],
    },
  )
}

interface Earlier {
  versions: DatasetRecord[]
  /** Why some of them could not be rebuilt, in words. */
  missing: string[]
}

/** The versions that were there when this one was registered: what they sealed stays sealed. Those that can be are rebuilt. */
async function earlierVersions(
  workspace: Workspace,
  record: DatasetRecord,
  options: RebuildOptions,
): Promise<Earlier> {
  const versions = listDatasets(workspace, record.name).filter(({ version }) => version < record.version)
  const missing: string[] = []
  for (const one of versions) {
    await rebuildDataset(workspace, one, options).catch((cause) => {
      // The hashes will tell whether it was needed.
      if (!isOfTheData(cause)) throw cause
      missing.push(cause.message)
    })
  }
  return { versions, missing }
}

async function registerAside(
  workspace: Workspace,
  record: DatasetRecord,
  place: { source: string; earlier: Earlier; out: string; vault: string },
  options: RebuildOptions,
): Promise<DatasetRecord> {
  const params = {
    source: place.source,
    ...policyOf(record),
    ...frozenEvaluator(workspace, record),
    previous: place.earlier.versions.map(({ dataset }) => workspace.layout.dataset(dataset)),
    version: record.version,
    out: place.out,
    vault: place.vault,
  }
  options.progress?.(`registering ${record.dataset} again, aside`)
  return labRequest<DatasetRecord>('register_dataset', params, { ...options, timeoutS: TIMEOUT_S }).catch(
    (cause) => {
      if (isOfTheData(cause)) throw notEqual(record, [cause.message])
      throw cause
    },
  )
}

function isOfTheData(cause: unknown): cause is Refusal {
  return cause instanceof Refusal && /^(?:DATASET|INPUT|VAULT|FILE)_/.test(cause.code)
}

/** Free text and where the file lay; the time is that of the making. */
const NOT_COMPARED: ReadonlySet<string> = new Set(['created', 'warnings'])

function refuseUnequal(record: DatasetRecord, again: DatasetRecord, earlier: Earlier): void {
  const wrong = Object.keys(record)
    .filter((key) => !NOT_COMPARED.has(key))
    .flatMap((key) => unequal(key, record[key as keyof DatasetRecord], again[key as keyof DatasetRecord]))
  for (const key of ['hash', 'splits', 'positive', 'classes'] as const)
    if (record[key] === undefined && again[key] !== undefined) wrong.push(`${key} is missing`)
  if (wrong.length > 0) throw notEqual(record, [...earlier.missing, ...wrong])
}

function notEqual(record: DatasetRecord, wrong: readonly string[]): Refusal {
  const more = wrong.length > 6 ? `; and ${wrong.length - 6} more` : ''
  return new Refusal(
    'DATASET_INVALID',
    `dataset.json of ${record.dataset} is not what its source gives, registered again with the policy that stands there: ${wrong.slice(0, 6).join('; ')}${more}.`,
    { next: [{ person: 'git log -p -- .specweave/datasets', why: 'shows who changed it' }] },
  )
}

/** The members that differ, by their paths: `splits.test.sha256`. */
function unequal(path: string, recorded: unknown, again: unknown): string[] {
  if (path === 'source.path' || isSame(recorded, again)) return []
  if (isPlain(recorded) && isPlain(again))
    return Object.keys(recorded).flatMap((key) => unequal(`${path}.${key}`, recorded[key], again[key]))
  if (isColumns(recorded) && isColumns(again)) {
    const found = new Map(again.map((column) => [column.name, column]))
    const names = recorded.filter((one) => !isSame(one, found.get(one.name))).map(({ name }) => name)
    return [`${path} differ in ${names.slice(0, 3).join(', ') || 'their number or order'}`]
  }
  return [`${path} is ${shown(again)} and dataset.json says ${shown(recorded)}`]
}

function isColumns(value: unknown): value is { name: string }[] {
  return Array.isArray(value) && value.length > 0 && value.every((one) => isPlain(one) && 'name' in one)
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'missing')
  return /^[0-9a-f]{64}$/.test(text) ? short(text) : text.slice(0, 60)
}

function short(sha256: string): string {
  return `${sha256.slice(0, 12)}...`
}

function takeOver(
  workspace: Workspace,
  record: DatasetRecord,
  parts: Rebuilt['made'],
  out: string,
  labels: string,
): void {
  for (const part of parts) {
    if (part === 'labels') {
      const folder = join(vaultFolder(), record.hash)
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      place(labels, labelsFile(record.hash))
      closeVault(record.hash)
    } else {
      const { path } = record.splits[part as 'train']
      place(join(out, path), join(workspace.layout.dataset(record.dataset), path))
    }
  }
}

/** Whole or not at all, also from another file system. */
function place(from: string, to: string): void {
  const temporary = join(dirname(to), temporaryName('tmp'))
  try {
    copyFileSync(from, temporary)
    chmodSync(temporary, 0o600)
    renameSync(temporary, to)
  } catch (cause) {
    throw asRefusal(cause, to)
  } finally {
    rmSync(temporary, { force: true })
  }
}

/**
 * Holds dataset.json against the ledger's line of its registration.
 * @returns what is wrong, in a sentence.
 */
export function unregistered(record: DatasetRecord, ledger: Ledger): string | undefined {
  const lines = ledger.lines.filter((line) => line.event === 'dataset.registered' && line.verified)
  const line = lines.find(({ data }) => data.dataset === record.dataset && data.dataset_hash === record.hash)
  if (!line) {
    const of = lines.find(({ data }) => data.dataset === record.dataset)
    return of
      ? `dataset.json of ${record.dataset} was changed: its hash is ${short(record.hash)}, and the ledger registered ${short(String(of.data.dataset_hash))} at ${of.at}`
      : `dataset.json of ${record.dataset} stands in no line of the ledger`
  }
  const { data, at } = line
  const said: [string, unknown, unknown][] = [
    ['source.sha256', record.source.sha256, data.source_sha256],
    ['rows', record.rows, data.rows],
    ['splits.test.rows', record.splits.test.rows, data.test_rows],
    ['splits.test.labels_sha256', record.splits.test.labels_sha256 ?? null, data.labels_sha256],
    ['evaluator', evaluatorSha256(record), data.evaluator_sha256],
  ]
  const wrong = said.filter(([, found, recorded]) => found !== recorded)
  return wrong.length === 0
    ? undefined
    : `dataset.json of ${record.dataset} was changed: ${wrong.map(([what, found, recorded]) => `${what} is ${shown(found)}, and the ledger registered ${shown(recorded)} at ${at}`).join('; ')}`
}
