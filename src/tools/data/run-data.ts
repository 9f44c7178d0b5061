import { createHash } from 'node:crypto'
import { join, relative, sep } from 'node:path'
import { readText } from '../../adapters/files.ts'
import type { DatasetRecord } from '../../core/dataset-record.ts'
import { Refusal } from '../../core/errors.ts'
import { remember, remembered } from '../../evidence/remembered.ts'
import type { DataSchema } from '../../evidence/schema-file.ts'
import { changedSplitFiles } from '../../evidence/split-files.ts'
import type { Tamper } from '../../evidence/tamper.ts'
import type { Workspace } from '../../store/workspace.ts'
import { datasetRecord } from './dataset-record.ts'

export interface DataChecked {
  warnings: string[]
  labUsed: boolean
}

interface Problem {
  file: string
  column: string
  problem: string
}

const NAMED = 3
const TIMEOUT_S = 600

/**
 * What must hold of the data before a run starts with it: the split files are those that were registered, and their rows
 * keep to the increment's data/schema.yaml where a person wrote or edited it; a generated one says what was registered.
 * What was found is remembered, so that of many runs only the first reads the files.
 * @param folder of the run, absolute.
 * @throws Refusal DATASET_INVALID, with the file, the column and the rows; INPUT_INVALID for a schema that cannot be read.
 */
export async function checkRunData(
  workspace: Workspace,
  folder: string,
  dataset: string,
): Promise<DataChecked> {
  const record = datasetRecord(workspace, dataset)
  if (!record?.splits) return { warnings: [], labUsed: false }
  await requireRegistered(workspace, record)
  return keepsToSchema(workspace, folder, record)
}

async function requireRegistered(workspace: Workspace, record: DatasetRecord): Promise<void> {
  const { dataset } = record
  const files = changedSplitFiles(workspace, record)
  const ofRecord = await changedRecord(workspace, record)
  if (files.length + ofRecord.length === 0) return
  const { recordChangedSplits, recordTamper } = await import('../../evidence/tamper.ts')
  await recordChangedSplits(workspace, record)
  for (const tamper of ofRecord) await recordTamper(workspace, tamper)
  const at = `.specweave/datasets/${record.name}/v${record.version}`
  if (files.length === 0)
    throw new Refusal(
      'DATASET_INVALID',
      `${at}/dataset.json was changed: it names other split files than the ledger holds from the registration of ${dataset}. Bring it back from Git.`,
      { next: [{ person: `git checkout -- ${at}/dataset.json`, why: 'dataset.json is committed' }] },
    )
  const { registerAgain } = await import('../../evidence/register-again.ts')
  const names = files.map(
    ({ file, found, expected }) => `${at}/${file} (SHA-256 ${short(found)}, registered ${short(expected)})`,
  )
  throw new Refusal(
    'DATASET_INVALID',
    `the data was changed since ${dataset} was registered: ${names.join(', ')}. Remove the changed file and register the source again, which makes it as it was, or register the changed data as a version of its own.`,
    { next: [registerAgain(record)] },
  )
}

/** The ledger is read once for each text of dataset.json. */
async function changedRecord(workspace: Workspace, record: DatasetRecord): Promise<Tamper[]> {
  const path = join(workspace.layout.dataset(record.dataset), 'dataset.json')
  const name = `record-${sha256(`${path}\n${readText(path)}`)}`
  if (remembered(name)) return []
  const [tamper, { readLedger }] = await Promise.all([
    import('../../evidence/tamper.ts'),
    import('../../evidence/ledger.ts'),
  ])
  const changed = tamper.changedRecord(readLedger(workspace), record)
  if (changed.length === 0) remember(name, { registered: true })
  return changed
}

async function keepsToSchema(
  workspace: Workspace,
  folder: string,
  record: DatasetRecord,
): Promise<DataChecked> {
  const nothing: DataChecked = { warnings: [], labUsed: false }
  const [increment = ''] = relative(workspace.layout.increments, folder).split(sep)
  const path = join(workspace.layout.increments, increment, 'data/schema.yaml')
  const text = readText(path)
  if (text === undefined) return nothing
  const { isGeneratedSchema } = await import('../../increments/schema-yaml.ts')
  if (isGeneratedSchema(text) || !(await describes(workspace, increment, record))) return nothing
  const named = `.specweave/increments/${increment}/data/schema.yaml`
  const name = `schema-${sha256([text, record.hash, ...Object.values(record.splits).map((split) => split.sha256)].join('\n'))}`
  const known = remembered<{ problems: Problem[] }>(name)
  if (known) return kept(known.problems, named, nothing)
  const { readSchema } = await import('../../evidence/schema-file.ts')
  const schema = readSchema(path, named)
  const found = await asked(workspace, record, schema)
  if ('why' in found)
    return { warnings: [`the data was not held against ${named}: ${found.why}`], labUsed: true }
  remember(name, found)
  return kept(found.problems, named, { warnings: [], labUsed: true })
}

/** The schema is of the increment's data set, in whatever version: a run may take another one. */
async function describes(workspace: Workspace, increment: string, record: DatasetRecord): Promise<boolean> {
  const { readSpec, resolveIncrement } = await import('../../increments/load.ts')
  try {
    return readSpec(resolveIncrement(workspace, increment)).front.ml.dataset?.split('@')[0] === record.name
  } catch (cause) {
    // A spec.md in the middle of an edit must not let the data pass: there is nothing else that it could be of.
    if (cause instanceof Refusal) return true
    throw cause
  }
}

async function asked(
  workspace: Workspace,
  record: DatasetRecord,
  schema: DataSchema,
): Promise<{ problems: Problem[] } | { why: string }> {
  const { labRequest } = await import('../../adapters/lab/process.ts')
  try {
    const { problems } = await labRequest<{ problems: Problem[] }>(
      'check_data',
      { dataset: workspace.layout.dataset(record.dataset), schema },
      { timeoutS: TIMEOUT_S },
    )
    return { problems }
  } catch (cause) {
    // That the lab cannot be asked is no fault of the data.
    if (cause instanceof Refusal && /^LAB_/.test(cause.code)) return { why: cause.message }
    throw cause
  }
}

function kept(problems: readonly Problem[], named: string, checked: DataChecked): DataChecked {
  if (problems.length === 0) return checked
  const shown = problems
    .slice(0, NAMED)
    .map(({ file, column, problem }) => `${file}, "${column}": ${problem}.`)
  const more = problems.length - NAMED
  throw new Refusal(
    'DATASET_INVALID',
    `the data breaks ${named}. ${shown.join(' ')}${more > 0 ? ` And ${more} more problems.` : ''} Correct the schema, or register data that keeps to it.`,
    { invalid: problems.map(({ column, problem }) => ({ field: `schema.columns.${column}`, problem })) },
  )
}

function short(hash: string): string {
  return `${hash.slice(0, 12)}...`
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
