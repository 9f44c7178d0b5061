import { join } from 'node:path'
import { readJson } from '../../adapters/files.ts'
import type { DatasetRecord } from '../../core/dataset-record.ts'
import type { Workspace } from '../../store/workspace.ts'

/** The record of a dataset version, where it is in this workspace. */
export function datasetRecord(workspace: Workspace, id: string): DatasetRecord | undefined {
  try {
    return readJson<DatasetRecord>(join(workspace.layout.dataset(id), 'dataset.json'))
  } catch {
    return undefined
  }
}
