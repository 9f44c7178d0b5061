import { join } from 'node:path'
import { isEdited, labCode } from '../adapters/lab/code.ts'
import { canonicalJson } from '../core/canonical-json.ts'
import type { DatasetRecord } from '../core/dataset-record.ts'
import { isObject } from '../core/shape.ts'
import type { Workspace } from '../store/workspace.ts'
import { findDataset, type SplitName } from './datasets.ts'
import { type Ledger, readLedger, withLedger } from './ledger.ts'
import { changedSplitFiles, fileHash } from './split-files.ts'
import { labelsFile } from './vault.ts'

/**
 * `split_file`: the rows; `sealed_labels`: the vault; `dataset_record`: what dataset.json says of a split's file;
 * `evaluator`: the frozen text of the user's own.
 */
export type TamperedWith = 'split_file' | 'sealed_labels' | 'dataset_record' | 'evaluator'

/** What of a data set was found to be another than was registered. Hashes are SHA-256. */
export interface DataTamper {
  what: TamperedWith
  dataset: string
  dataset_hash: string
  /** None of an evaluator. */
  split?: SplitName
  expected: string
  found: string
}

/** The lab's own code that was found in the place of the build's; no data set's. */
export interface LabTamper {
  what: 'lab'
  expected: string
  found: string
}

/** The data of the ledger's `tamper.seen`. */
export type Tamper = DataTamper | LabTamper

/** One that the ledger holds, and how it stands now. */
export type SeenTamper = Tamper & {
  at: string
  /** `gone`: it is not on this machine, so nothing can be measured on it. */
  now: 'restored' | 'changed' | 'gone'
}

/**
 * Puts it into the ledger where it does not stand there yet: the same change is seen at every use, and told once. Who only
 * reads writes nothing; the next use that writes sees the same.
 */
export async function recordTamper(workspace: Workspace, tamper: Tamper): Promise<void> {
  if (workspace.readOnly) return
  const text = canonicalJson(tamper)
  const isKnown = (ledger: Ledger) => seen(ledger).some(({ data }) => canonicalJson(data) === text)
  if (isKnown(readLedger(workspace))) return
  await withLedger(workspace, (ledger, append) => {
    if (!isKnown(ledger)) append('tamper.seen', { ...tamper })
  })
}

/** Puts the split files that are not those that were registered into the ledger; says nothing where all are. */
export async function recordChangedSplits(workspace: Workspace, record: DatasetRecord): Promise<void> {
  const { dataset, hash: dataset_hash } = record
  for (const { split, expected, found } of changedSplitFiles(workspace, record))
    await recordTamper(workspace, { what: 'split_file', dataset, dataset_hash, split, expected, found })
}

/** What the ledger holds of a data set's changed files, or of all, with how each stands now. */
export function seenTampers(workspace: Workspace, ledger: Ledger, datasetHash?: string): SeenTamper[] {
  const [first, ...rest] = seen(ledger).filter(
    ({ data }) => datasetHash === undefined || data.dataset_hash === datasetHash,
  )
  if (!first) return []
  return [first, ...rest].map(({ at, data }) => {
    const tamper = data as unknown as Tamper
    return { ...tamper, at, now: standing(workspace, tamper) }
  })
}

/** What of a data set was seen to be changed and still is, in words. */
export function changedData(workspace: Workspace, ledger: Ledger, { hash }: DatasetRecord): string[] {
  return seenTampers(workspace, ledger, hash)
    .filter(({ now }) => now === 'changed')
    .map(tamperInWords)
}

/** `the train file of churn@1 was seen changed on 2026-11-21T08:00:00.000Z (SHA-256 ..., registered ...)` */
export function tamperInWords(tamper: SeenTamper): string {
  const { expected, found, at } = tamper
  if (tamper.what === 'lab')
    return `the lab's own code was seen changed at ${at} (SHA-256 ${found.slice(0, 12)}..., built with ${expected.slice(0, 12)}...)`
  const { what, dataset, split } = tamper
  const file =
    what === 'sealed_labels'
      ? `the sealed labels of ${dataset} were`
      : what === 'dataset_record'
        ? `what dataset.json of ${dataset} says of the ${split} file was`
        : what === 'evaluator'
          ? `evaluator.py of ${dataset} was`
          : `the ${split} file of ${dataset} was`
  return `${file} seen changed at ${at} (SHA-256 ${found.slice(0, 12)}..., registered ${expected.slice(0, 12)}...)`
}

/**
 * The splits of which dataset.json names another file than was registered; none for a version that was registered before
 * the ledger held them.
 */
export function changedRecord(ledger: Ledger, record: DatasetRecord): DataTamper[] {
  // Several where clones registered the same data: each may have written its files with another library.
  const registered = ledger.lines.flatMap(({ event, verified, data }) =>
    event === 'dataset.registered' &&
    verified &&
    data.dataset_hash === record.hash &&
    isObject(data.splits_sha256)
      ? [data.splits_sha256]
      : [],
  )
  const { dataset, hash: dataset_hash } = record
  return (['train', 'validation', 'test'] as const).flatMap((split) => {
    const found = record.splits[split].sha256
    const allowed = registered.map((files) => String(files[split]))
    const [expected] = allowed
    return expected === undefined || allowed.includes(found)
      ? []
      : [{ what: 'dataset_record' as const, dataset, dataset_hash, split, expected, found }]
  })
}

function seen(ledger: Ledger) {
  return ledger.lines.filter(({ event, verified }) => event === 'tamper.seen' && verified)
}

function standing(workspace: Workspace, tamper: Tamper): SeenTamper['now'] {
  // Another version may be installed since: what counts is the build that is asked.
  if (tamper.what === 'lab') return isEdited(labCode()) ? 'changed' : 'restored'
  const found = foundNow(workspace, tamper)
  return found === undefined ? 'gone' : found === tamper.expected ? 'restored' : 'changed'
}

function foundNow(
  workspace: Workspace,
  { what, dataset, dataset_hash, split }: DataTamper,
): string | undefined {
  if (what === 'sealed_labels') return fileHash(labelsFile(dataset_hash))
  try {
    const { splits, evaluator } = findDataset(workspace, dataset)
    if (split === undefined)
      return evaluator && fileHash(join(workspace.layout.dataset(dataset), evaluator.path))
    const { path, sha256 } = splits[split]
    return what === 'dataset_record' ? sha256 : fileHash(join(workspace.layout.dataset(dataset), path))
  } catch {
    // Its record is gone or unreadable: whoever uses the data set is told.
    return undefined
  }
}
