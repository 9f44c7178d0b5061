import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { readJson } from '../adapters/files.ts'
import type { DatasetRecord } from '../core/dataset-record.ts'
import { type NextStep, Refusal } from '../core/errors.ts'
import { nearest } from '../core/ids.ts'
import type { Workspace } from '../store/workspace.ts'

/** A version on disk. */
export interface DatasetVersion {
  /** `churn@1` */
  id: string
  name: string
  version: number
  /** Absolute. */
  folder: string
}

export type SplitName = 'train' | 'validation' | 'test'

const REGISTER: NextStep = {
  tool: 'register_dataset',
  arguments: { name: 'churn', source: 'data/churn.csv', target: 'churned', problem_type: 'classification' },
  why: 'registers, splits and seals a data set',
}

/** All versions of a name, or of every name, oldest first. Half-made ones (`.new-...`) are not among them. */
export function listVersions(workspace: Workspace, name?: string): DatasetVersion[] {
  const names = name === undefined ? folders(workspace.layout.datasets).sort() : [name]
  return names
    .flatMap((each) =>
      folders(join(workspace.layout.datasets, each)).flatMap((folder) => {
        const version = Number(/^v(\d+)$/.exec(folder)?.[1])
        const path = join(workspace.layout.datasets, each, folder)
        return Number.isInteger(version)
          ? [{ id: `${each}@${version}`, name: each, version, folder: path }]
          : []
      }),
    )
    .sort((a, b) => (a.name === b.name ? a.version - b.version : a.name < b.name ? -1 : 1))
}

/** The records of all registered datasets, or of one name's versions, oldest first. */
export function listDatasets(workspace: Workspace, name?: string): DatasetRecord[] {
  return listVersions(workspace, name).map(readRecord)
}

/**
 * Finds `churn@2`, or the newest version of `churn`.
 * @throws Refusal DATASET_UNKNOWN with the nearest names; DATASET_INVALID where its record cannot be read.
 */
export function findDataset(workspace: Workspace, id: string): DatasetRecord {
  return readRecord(requireVersion(workspace, id))
}

function requireVersion(workspace: Workspace, id: string): DatasetVersion {
  const [, name = '', version] = /^([^@]*)(?:@(\d+))?$/.exec(id) ?? []
  const all = listVersions(workspace)
  const versions = all.filter((each) => each.name === name)
  const found = version === undefined ? versions.at(-1) : versions.find((v) => v.version === Number(version))
  if (found) return found
  if (all.length === 0)
    throw new Refusal('DATASET_UNKNOWN', `No dataset is registered, so "${id}" is unknown.`, {
      next: [REGISTER],
    })
  const ids = all.map((each) => each.id)
  const names = nearest(name, [...new Set(all.map((each) => each.name))])
  const near = (versions.length > 0 ? versions : all.filter((each) => names.includes(each.name))).map(
    (v) => v.id,
  )
  const known =
    near.length > 0
      ? `Did you mean ${near.slice(-5).join(' or ')}?`
      : `There are: ${ids.slice(-10).join(', ')}.`
  throw new Refusal('DATASET_UNKNOWN', `No dataset "${id}" is registered. ${known}`, {
    invalid: [{ field: 'dataset', problem: `"${id}" is not registered` }],
    next: [REGISTER],
  })
}

function readRecord(version: DatasetVersion): DatasetRecord {
  const file = join(version.folder, 'dataset.json')
  const record = readJson<DatasetRecord>(file)
  if (record && (record.format as number) > 1)
    throw new Refusal(
      'WORKSPACE_NEWER',
      `${file} has format ${record.format}; this version knows 1. Update specweave-ml.`,
    )
  if (record?.hash && record.splits?.test) return record
  throw new Refusal('DATASET_INVALID', `${file} is missing or cannot be read. Bring it back from Git.`, {
    next: [{ person: `git checkout -- '${file}'`, why: 'dataset.json is committed, so Git has it' }],
  })
}

/** The absolute paths of a version's split files; `undefined` for those that are not in this clone. */
export function splitFiles(
  workspace: Workspace,
  record: DatasetRecord,
): Record<SplitName, string | undefined> {
  const folder = workspace.layout.dataset(record.dataset)
  const at = (split: SplitName) => {
    const path = join(folder, record.splits[split].path)
    return existsSync(path) ? path : undefined
  }
  return { train: at('train'), validation: at('validation'), test: at('test') }
}

function folders(parent: string): string[] {
  try {
    return readdirSync(parent, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
      .map((entry) => entry.name)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw cause
  }
}
