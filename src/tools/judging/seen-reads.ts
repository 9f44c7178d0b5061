import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { canonicalJson } from '../../core/canonical-json.ts'
import type { DatasetRecord } from '../../core/dataset-record.ts'
import { CHILD_FOLDER, EXPERIMENT_FOLDER, INCREMENT_FOLDER } from '../../core/ids.ts'
import type { LeftOutFile, SearchedFile } from '../../core/searched-reads.ts'
import { type Ledger, readLedger } from '../../evidence/ledger.ts'
import { rowsHeld, searchedReads, unsearchedReads } from '../../evidence/searched-reads.ts'
import { type ForbiddenRead, readsWarning, type SeenRun } from '../../increments/reads-checks.ts'
import { readSeen, type SeenFile, type SeenStart } from '../../runs/seen-files.ts'
import type { Workspace } from '../../store/workspace.ts'
import { datasetRecord } from '../data/dataset-record.ts'

/** By SHA-256. */
type Searched = ReadonlyMap<string, SearchedFile | LeftOutFile>

/** A run builds on others at most so many steps and runs away. */
const RUNS = 50

/**
 * What a run was seen to read, and then what the runs were seen to read whose files it was seen to read, held against the
 * data that the run is judged by.
 * @param dataset `churn@1`
 * @param searched what was found in files that were looked through for test rows, by SHA-256.
 * @returns the run first.
 */
export function seenReads(
  workspace: Workspace,
  run: string,
  folder: string,
  dataset: string,
  searched: Searched = new Map(),
): SeenRun[] {
  return readsOn(workspace, dataset, searched)(run, folder)
}

/** The same for many runs of one data set, which is read once. */
export function readsOn(
  workspace: Workspace,
  dataset: string,
  searched: Searched = new Map(),
): (run: string, folder: string) => SeenRun[] {
  const record = datasetRecord(workspace, dataset)
  if (!record || !isWhole(record)) return () => []
  const forbidden = forbiddenFiles(workspace, record)
  return (run, folder) => followReads(workspace, run, folder, dataset, forbidden, searched)
}

function followReads(
  workspace: Workspace,
  run: string,
  folder: string,
  dataset: string,
  forbidden: ReturnType<typeof forbiddenFiles>,
  searched: Searched,
): SeenRun[] {
  const found: SeenRun[] = []
  const queue = [{ run, folder }]
  const met = new Set([run])
  for (let at = 0; at < queue.length && at < RUNS; at++) {
    const { run: name, folder: place } = queue[at]!
    const seen = readSeen(place)
    const files = seen?.files ?? []
    // What lies in a run's folder is what that run made of what it had read itself, which is looked at in its turn.
    const others = files.filter(
      (file) => !forbidden.own(file) && !forbidden.of(file) && !runThatHolds(file.path),
    )
    const known = others.flatMap(({ path, sha256 }) => {
      const file = searched.get(sha256 ?? '')
      return file && 'found' in file && file.found > 0
        ? [{ answers: file.answers, path: shown(path), what: rowsHeld(file, dataset) }]
        : []
    })
    found.push({
      run: name,
      recorded: seen !== undefined,
      files: files.length,
      complete: seen?.complete ?? true,
      forbidden: [
        ...files.flatMap((file) => forbidden.of(file) ?? []),
        ...(seen?.started ?? []).flatMap((start) => forbidden.started(start) ?? []),
        ...known.filter(({ answers }) => answers),
      ].map(({ path, what, started }: ForbiddenRead) => ({ path, what, ...(started ? { started } : {}) })),
      features: known.filter(({ answers }) => !answers).map(({ path, what }) => ({ path, what })),
      unsearched: others.flatMap(({ path, sha256 }) => {
        const file = searched.get(sha256 ?? '')
        if (file && 'found' in file) return []
        const why = sha256 === null ? UNHASHED : file?.why
        return [{ path, sha256, ...(why ? { why } : {}) }]
      }),
    })
    for (const { path } of files) {
      const other = runThatHolds(path)
      if (!other || met.has(other.run)) continue
      met.add(other.run)
      queue.push({ run: other.run, folder: join(workspace.root, other.folder) })
    }
  }
  return found
}

/** What a run is told at its end of what it was seen to read itself. */
export function seenWarnings(workspace: Workspace, run: string, folder: string, dataset: string): string[] {
  const [own] = seenReads(workspace, run, folder, dataset, searchedOf(workspace, dataset))
  return own ? readsWarning(own) : []
}

/** What is known of files that were looked through for a version's test rows, or could not be. */
export function searchedOf(
  workspace: Workspace,
  dataset: string,
  ledger: Ledger = readLedger(workspace),
): Searched {
  const hash = datasetRecord(workspace, dataset)?.hash ?? ''
  return new Map<string, SearchedFile | LeftOutFile>([
    ...unsearchedReads(ledger, hash),
    ...searchedReads(ledger, hash),
  ])
}

/** The run in whose folder a file lies: what it wrote is what it made of all that it had read. */
function runThatHolds(path: string): { run: string; folder: string } | undefined {
  const [top, increments, increment = '', experiments, experiment = '', child = ''] = path.split('/')
  if (top !== '.specweave' || increments !== 'increments' || experiments !== 'experiments') return undefined
  const id = INCREMENT_FOLDER.exec(increment)?.[1]
  if (!id || !EXPERIMENT_FOLDER.test(experiment)) return undefined
  const names = CHILD_FOLDER.test(child) ? [experiment, child] : [experiment]
  return {
    run: [id, ...names].join('/'),
    folder: [top, increments, increment, experiments, ...names].join('/'),
  }
}

const UNHASHED = 'changed or removed since it was opened, or too large to hash'

/** A file this small may have the size of another by chance. */
const TELLING_BYTES = 1024

const VAULT = /(?:^|\/)vault\/[0-9a-f]{64}\/test\.csv$/

/** Tells of each file whether a run that is judged by `record` may not read it. */
function forbiddenFiles(
  workspace: Workspace,
  record: DatasetRecord,
): {
  own(file: SeenFile): boolean
  of(file: SeenFile): ForbiddenRead | undefined
  started(start: SeenStart): ForbiddenRead | undefined
} {
  const own = new Set(Object.values(record.splits).map(({ sha256 }) => sha256))
  const related = relatedVersions(workspace, record)
  const isOwn = ({ sha256 }: SeenFile) => sha256 !== null && own.has(sha256)
  const of = (file: SeenFile): ForbiddenRead | undefined => {
    const { path } = file
    if (isOwn(file)) return undefined
    if (VAULT.test(path)) return { path: shown(path), what: 'sealed labels of a test set' }
    for (const other of related) {
      const what =
        asSource(file, other) ??
        asLabels(file, other) ??
        (other === record ? undefined : asSplit(file, other, record))
      if (what) return { path: shown(path), what }
    }
    return undefined
  }
  const started = ({ command, source }: SeenStart): ForbiddenRead | undefined => {
    const named = related.find((other) => other.source.path === source)
    if (!named) return undefined
    const what = `which names the registered source ${source}, ${holdsSealed(named)}`
    return { path: shown(command), what, started: true }
  }
  return { own: isOwn, of, started }
}

const LONGEST_PATH = 200

/** The end of a path tells more than its beginning. */
function shown(path: string): string {
  return path.length <= LONGEST_PATH ? path : `…${path.slice(-LONGEST_PATH)}`
}

function holdsSealed({ dataset }: DatasetRecord): string {
  return `which holds the sealed rows of ${dataset} with their labels`
}

function asSource({ path, sha256, bytes }: SeenFile, record: DatasetRecord): string | undefined {
  const { source } = record
  const holds = holdsSealed(record)
  // Of a source outside the workspace only the name is recorded, which another file at the root may have.
  const there = path === source.path && (path.includes('/') || sha256 === null || sha256 === source.sha256)
  if (there) return `the registered source, ${holds}`
  if (sha256 === source.sha256) return `the same bytes as the registered source ${source.path}, ${holds}`
  if (sha256 === null && bytes === source.bytes && bytes >= TELLING_BYTES)
    return `of the very size of the registered source ${source.path} and changed or removed since, or too large to hash: taken for a copy, ${holds}`
  return undefined
}

function asLabels({ sha256 }: SeenFile, { dataset, splits }: DatasetRecord): string | undefined {
  return sha256 !== null && sha256 === splits.test.labels_sha256
    ? `a copy of the sealed test labels of ${dataset}`
    : undefined
}

/** Splits of another version hold rows that are sealed here where they were cut in another way. */
function asSplit(
  { path, sha256 }: SeenFile,
  other: DatasetRecord,
  record: DatasetRecord,
): string | undefined {
  if (canonicalJson(cutOf(other)) === canonicalJson(cutOf(record))) return undefined
  const folder = `.specweave/datasets/${other.name}/v${other.version}`
  const split = (['train', 'validation'] as const).find(
    (name) => path === `${folder}/${other.splits[name].path}` || sha256 === other.splits[name].sha256,
  )
  return (
    split &&
    `the ${split} rows of ${other.dataset}, which was split in another way: rows that are sealed in ${record.dataset} are among them with their labels`
  )
}

function cutOf({ name, split, group_column, time_column, id_column }: DatasetRecord): unknown {
  const { method, validation, test, seed, key, cuts, gap_us } = split
  return { name, method, validation, test, seed, key, cuts, gap_us, group_column, time_column, id_column }
}

/** All versions of the name, and whatever else was registered from the same source. */
function relatedVersions(workspace: Workspace, record: DatasetRecord): DatasetRecord[] {
  const others = folders(workspace.layout.datasets).flatMap((name) =>
    folders(join(workspace.layout.datasets, name)).flatMap((version) => {
      if (!/^v\d+$/.test(version)) return []
      const other = datasetRecord(workspace, `${name}@${version.slice(1)}`)
      return other && isRelated(other, record) ? [other] : []
    }),
  )
  return [record, ...others]
}

/** A record that somebody has edited must not end a verdict in a defect. */
function isWhole({ source, split, splits }: Partial<DatasetRecord>): boolean {
  return Boolean(source && split && splits?.train && splits.validation && splits.test)
}

function isRelated(other: DatasetRecord, record: DatasetRecord): boolean {
  return (
    isWhole(other) &&
    other.dataset !== record.dataset &&
    (other.name === record.name || other.source.sha256 === record.source.sha256)
  )
}

function folders(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
  } catch {
    return []
  }
}
