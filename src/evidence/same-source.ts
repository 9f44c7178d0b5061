import type { DatasetRecord } from '../core/dataset-record.ts'
import type { Workspace } from '../store/workspace.ts'
import { findDataset, listVersions } from './datasets.ts'

const SHOWN = 3

/**
 * A data set's name is part of the hash that parts its rows, so the same file under another name has other test rows.
 * @returns a warning where the same bytes are registered under another name, and what is sealed differs.
 */
export function sameSourceWarning(workspace: Workspace, record: DatasetRecord): string[] {
  const { name, source, splits } = record
  const others = listVersions(workspace)
    .map(({ name, version }) => readable(workspace, `${name}@${version}`))
    .filter(
      (other) =>
        other &&
        other.name !== name &&
        other.source?.sha256 === source.sha256 &&
        other.splits?.test.labels_sha256 !== splits.test.labels_sha256,
    )
    .map((other) => other!.dataset)
  if (others.length === 0) return []
  const shown = others.slice(0, SHOWN).join(', ')
  const more = others.length > SHOWN ? ` and ${others.length - SHOWN} more` : ''
  return [
    `the same file is registered as ${shown}${more}: its test rows are not the same. What is sealed in ${record.dataset} can be read there with its labels, and the reverse, so neither may be judged by what was learned from the other. Use the name that is there to keep its split`,
  ]
}

/** A record that somebody has edited must not keep another from being registered. */
function readable(workspace: Workspace, dataset: string): DatasetRecord | undefined {
  try {
    return findDataset(workspace, dataset)
  } catch {
    return undefined
  }
}
