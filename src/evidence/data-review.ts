import { isAbsolute, resolve } from 'node:path'
import type { DatasetRecord } from '../core/dataset-record.ts'
import { Refusal } from '../core/errors.ts'
import type { Workspace } from '../store/workspace.ts'
import { findDataset, listVersions } from './datasets.ts'
import type { Ledger } from './ledger.ts'
import { recordStanding } from './registered-record.ts'
import { fileHash } from './split-files.ts'

/** A source that is another file than was registered. Hashes are SHA-256. */
export interface ChangedSource {
  /** `churn@1` */
  dataset: string
  /** As dataset.json names it. */
  path: string
  expected: string
  found: string
}

/** What the data sets' files say otherwise than the ledger. */
export interface DataReview {
  /** Sentences; what was registered is not what is here. */
  problems: string[]
  /** What was not recorded in its time, in sentences. */
  notCompared: string[]
  /** Of the newest versions: nothing is made from the source of an earlier one any more. */
  changedSources: ChangedSource[]
}

/** Holds each dataset.json, and the source where it is here, against the ledger. Makes and records nothing. */
export function reviewData(workspace: Workspace, ledger: Ledger): DataReview {
  const review: DataReview = { problems: [], notCompared: [], changedSources: [] }
  const newest = new Map<string, DatasetRecord>()
  const here = listVersions(workspace).map(({ id }) => id)
  for (const id of here) {
    try {
      const record = findDataset(workspace, id)
      const { problem, notCompared } = recordStanding(record, ledger)
      if (problem) review.problems.push(problem)
      if (notCompared) review.notCompared.push(notCompared)
      newest.set(`${record.name} ${record.source.path}`, record)
    } catch (cause) {
      if (!(cause instanceof Refusal)) throw cause
      // Rows that Git does not hold stay behind where a branch without the version is checked out.
      review.notCompared.push(`${id}: not compared: ${cause.message}`)
    }
  }
  for (const id of registered(ledger))
    if (!here.includes(id))
      review.notCompared.push(`${id}: not compared: it is in the ledger, and not on disk`)
  review.changedSources = [...newest.values()].flatMap((record) => changedSource(workspace, record) ?? [])
  return review
}

/** The versions that were registered. */
function registered({ lines }: Ledger): Set<string> {
  return new Set(
    lines.flatMap(({ event, verified, data }) =>
      event === 'dataset.registered' && verified ? [String(data.dataset)] : [],
    ),
  )
}

function changedSource({ root }: Workspace, { dataset, source }: DatasetRecord): ChangedSource | undefined {
  const { path, sha256: expected } = source
  // A path of the record is somebody else's text: it may not lead out of the clone.
  if (isAbsolute(path) || path.startsWith('..')) return undefined
  const found = fileHash(resolve(root, path))
  return found === undefined || found === expected ? undefined : { dataset, path, expected, found }
}

/** In a sentence. */
export function changedSourceInWords({ dataset, path, expected, found }: ChangedSource): string {
  return `the source of ${dataset} was changed: ${path} has SHA-256 ${found.slice(0, 12)}..., and ${expected.slice(0, 12)}... was registered. \`verify --recompute\` proves nothing of it until the file is back, is named by --source, or is registered as the next version`
}
