import { labRequest, labVersion } from '../adapters/lab/process.ts'
import type { DatasetRecord } from '../core/dataset-record.ts'
import {
  isSearchedLine,
  type LeftOutFile,
  type SearchedFile,
  type SearchedLine,
} from '../core/searched-reads.ts'
import type { Workspace } from '../store/workspace.ts'
import { appendEvent, type Ledger } from './ledger.ts'
import type { EvaluationOptions } from './scoring.ts'
import { fileSha256, requireLabels } from './vault.ts'

/** A file to look through. */
export interface ReadFile {
  /** Where it lies. */
  file: string
  /** As it is shown to people. */
  path: string
  /** Of the bytes that were read: what was changed since is another file. */
  sha256: string
}

/** A look waits for this. */
const LONGEST_S = 20

/**
 * Has the lab look rows of the test set up in files that a run was seen to read, and puts what it finds into the ledger.
 * Nothing is said of a single row, and of the sealed answers one bit: whether a file holds nearly all of them.
 * @throws Refusal VAULT_MISSING, DATASET_INVALID, LAB_UNAVAILABLE, LAB_FAILED
 */
export async function searchReads(
  workspace: Workspace,
  run: string,
  record: DatasetRecord,
  files: readonly ReadFile[],
  options: EvaluationOptions = {},
): Promise<void> {
  const there: ReadFile[] = []
  for (const one of files) if ((await sha256Of(one.file)) === one.sha256) there.push(one)
  if (there.length === 0) return
  const labels = await requireLabels(record, workspace)
  const found = await labRequest<{
    files: { path: string; looked_up: number; found: number; answers: boolean }[]
    left_out: { path: string; why: string }[]
  }>(
    'find_test_rows',
    { dataset: workspace.layout.dataset(record.dataset), labels, files: there.map(({ file }) => file) },
    { ...options, timeoutS: LONGEST_S },
  )
  const byFile = new Map(there.map((one) => [one.file, one]))
  const line: SearchedLine = {
    run,
    dataset_hash: record.hash,
    lab: (await labVersion(options)).version,
    files: found.files.flatMap(({ path: file, looked_up, found, answers }) => {
      const one = byFile.get(file)
      return one ? [{ path: one.path, sha256: one.sha256, looked_up, found, answers }] : []
    }),
    left_out: found.left_out.length,
    not_searched: found.left_out.flatMap(({ path: file, why }) => {
      const one = byFile.get(file)
      return one ? [{ path: one.path, sha256: one.sha256, why }] : []
    }),
  }
  await appendEvent(workspace, 'reads.searched', { ...line })
}

/** What the ledger holds of files that were looked through for a version's test rows, by SHA-256. */
export function searchedReads(ledger: Ledger, datasetHash: string): ReadonlyMap<string, SearchedFile> {
  return new Map(
    searchedLines(ledger, datasetHash).flatMap(({ files }) =>
      files.map((file) => [file.sha256, file] as const),
    ),
  )
}

/** Why files could not be looked through, by SHA-256. */
export function unsearchedReads(ledger: Ledger, datasetHash: string): ReadonlyMap<string, LeftOutFile> {
  return new Map(
    searchedLines(ledger, datasetHash).flatMap(({ not_searched }) =>
      (not_searched ?? []).map((file) => [file.sha256, file] as const),
    ),
  )
}

function searchedLines(ledger: Ledger, datasetHash: string): SearchedLine[] {
  return ledger.lines
    .filter(({ event, verified, data }) => event === 'reads.searched' && verified && isSearchedLine(data))
    .map(({ data }) => data as unknown as SearchedLine)
    .filter((line) => line.dataset_hash === datasetHash)
}

/** What is said of a file that holds rows of the test set, to be read after "path, ". */
export function rowsHeld({ found, looked_up, answers }: SearchedFile, dataset: string): string {
  const rows = `which holds ${found} of ${looked_up} test rows of ${dataset} that were looked up`
  return answers ? `${rows}, with their labels or values` : `${rows}, by their features alone`
}

async function sha256Of(file: string): Promise<string | undefined> {
  // Gone, or not readable for this process.
  return fileSha256(file).catch(() => undefined)
}
