import { createHash } from 'node:crypto'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { hashFile } from '../adapters/files.ts'
import type { DatasetRecord } from '../core/dataset-record.ts'
import type { Workspace } from '../store/workspace.ts'
import type { SplitName } from './datasets.ts'
import { remember, remembered } from './remembered.ts'

/** A split's file that is not the one that dataset.json names. */
export interface ChangedSplit {
  split: SplitName
  /** File name beside dataset.json. */
  file: string
  expected: string
  found: string
}

const SPLITS: readonly SplitName[] = ['train', 'validation', 'test']
/** A file that was written just now can change once more and keep its times. */
const SETTLED_NS = 2_000_000_000n

interface Hashed {
  /** Inode, size, times of change: while these stand, so does the hash. */
  stat: string
  sha256: string
}

/**
 * The files of a version that are not those that were registered, by SHA-256. A file that was hashed before and has the
 * inode, size and times of then is not read again. One that is missing is not changed.
 */
export function changedSplitFiles(workspace: Workspace, record: DatasetRecord): ChangedSplit[] {
  const folder = workspace.layout.dataset(record.dataset)
  return SPLITS.flatMap((split) => {
    const { path: file, sha256: expected } = record.splits[split]
    const found = fileHash(join(folder, file))
    return found === undefined || found === expected ? [] : [{ split, file, expected, found }]
  })
}

/** SHA-256 of a file, remembered; `undefined` where it is not there. */
export function fileHash(path: string): string | undefined {
  const before = statOf(path)
  if (!before) return undefined
  const name = `file-${createHash('sha256').update(path).digest('hex').slice(0, 32)}`
  const known = remembered<Hashed>(name)
  if (known?.stat === before.text) return known.sha256
  const sha256 = hashFile(path)
  const settled = BigInt(Date.now()) * 1_000_000n - before.changed > SETTLED_NS
  if (settled && statOf(path)?.text === before.text) remember(name, { stat: before.text, sha256 })
  return sha256
}

function statOf(path: string): { text: string; changed: bigint } | undefined {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false })
  if (!stat?.isFile()) return undefined
  const { dev, ino, size, mtimeNs, ctimeNs } = stat
  return {
    text: [dev, ino, size, mtimeNs, ctimeNs].join(' '),
    changed: ctimeNs > mtimeNs ? ctimeNs : mtimeNs,
  }
}
