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
import { labCode } from '../adapters/lab/code.ts'
import { labRequest } from '../adapters/lab/process.ts'
import { privateFolder } from '../adapters/state-folder.ts'
import type { DatasetRecord } from '../core/dataset-record.ts'
import { Refusal } from '../core/errors.ts'
import type { Workspace } from '../store/workspace.ts'
import { frozenEvaluator } from './custom-evaluator.ts'
import { listDatasets, type SplitName, splitFiles } from './datasets.ts'
import { policyOf } from './register-again.ts'
import { recordSha256 } from './registered-record.ts'
import { remember, remembered } from './remembered.ts'
import type { EvaluationOptions } from './scoring.ts'
import { unequalMembers } from './unequal-record.ts'
import { closeVault, fileSha256, hasLabels, labelsFile, vaultFolder } from './vault.ts'

export interface RebuildOptions extends EvaluationOptions {
  /** Where sources lie, by data set (`churn`) or version (`churn@1`), where not at the recorded path. */
  sources?: ReadonlyMap<string, string>
  /** Also where everything is here: the source is held against dataset.json again. */
  again?: boolean
}

export interface Rebuilt {
  /** What was missing on this machine and was made again; empty where everything was there. */
  made: ('labels' | SplitName)[]
  /** The source that it was made from or compared with, as it was named. */
  source?: string
  /** Why the source was not compared, though it should have been: it is not here, and everything made from it is. */
  notCompared?: string
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
  if (made.length === 0) return options.again ? comparedAgain(workspace, record, options) : { made }
  const source = await provenSource(workspace, record, options)
  const earlier = await earlierVersions(workspace, record, options)
  await fromSource(workspace, record, source.path, earlier, made, options)
  return { made, source: source.named }
}

/** Of a data set that is here whole: whether its source still is the one, and gives what dataset.json says. */
async function comparedAgain(
  workspace: Workspace,
  record: DatasetRecord,
  options: RebuildOptions,
): Promise<Rebuilt> {
  const made: Rebuilt['made'] = []
  const source = await provenSource(workspace, record, options).catch((cause) => {
    if (cause instanceof Refusal && cause.code === 'VAULT_MISSING') return undefined
    throw cause
  })
  if (!source)
    return {
      made,
      notCompared: `its source is not here (${record.source.path}, SHA-256 ${short(record.source.sha256)})`,
    }
  // The same program made the same of the same source before: a large one takes minutes.
  const name = `again-${recordSha256(record).slice(0, 32)}`
  const lab = labCode().sha256
  if (remembered<{ lab: string }>(name)?.lab === lab) return { made, source: source.named }
  const earlier = await earlierVersions(workspace, record, options)
  if (earlier.missing.length > 0) return { made, notCompared: earlier.missing.join(' ') }
  await fromSource(workspace, record, source.path, earlier, made, options)
  remember(name, { lab })
  return { made, source: source.named }
}

/** @param made the parts that are taken over, once all of it came out equal. */
async function fromSource(
  workspace: Workspace,
  record: DatasetRecord,
  source: string,
  earlier: Earlier,
  made: Rebuilt['made'],
  options: RebuildOptions,
): Promise<void> {
  const staging = mkdtempSync(join(privateFolder('rebuild'), `${record.name}-`))
  try {
    const out = join(staging, 'out')
    const vault = join(staging, 'vault')
    for (const folder of [out, vault]) mkdirSync(folder, { mode: 0o700 })
    for (const { hash } of earlier.versions)
      if (hasLabels(hash)) symlinkSync(dirname(labelsFile(hash)), join(vault, hash))
    const again = await registerAside(workspace, record, { source, earlier, out, vault }, options)
    refuseUnequal(record, again, earlier)
    takeOver(workspace, record, made, out, join(vault, record.hash, 'test.csv'))
  } finally {
    rmSync(staging, { recursive: true, force: true })
  }
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
  const versions = listDatasets(workspace, record.name)
  const other =
    versions.find(({ source }) => source.sha256 === sha256) ??
    // Once other data was registered from that path, it is the later version's to answer for.
    versions.findLast(({ version, source }) => version > record.version && source.path === record.source.path)
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
    await rebuildDataset(workspace, one, { ...options, again: false }).catch((cause) => {
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

function refuseUnequal(record: DatasetRecord, again: DatasetRecord, earlier: Earlier): void {
  const wrong = unequalMembers(record, again)
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
