import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { confine } from '../adapters/files.ts'
import { canonicalJson } from '../core/canonical-json.ts'
import type { DatasetRecord, OwnEvaluator } from '../core/dataset-record.ts'
import { Refusal } from '../core/errors.ts'
import type { Direction } from '../core/metrics.ts'
import { maskText, secretValues } from '../core/secrets.ts'
import type { Workspace } from '../store/workspace.ts'
import { findDataset, listVersions } from './datasets.ts'
import { type Ledger, readLedger } from './ledger.ts'
import { fileHash } from './split-files.ts'

/** A user's evaluator as it was read: from now on its text counts, not the file. */
export interface EvaluatorSource {
  text: string
  /** Where it lay, relative to the workspace. */
  source: string
  metrics: Record<string, Direction>
  /** Of a version that is made again. */
  resamples?: OwnEvaluator['resamples']
}

/** It is committed with the data set's record. */
const LARGEST = 256_000

/**
 * Reads the file of a user's evaluator.
 * @throws Refusal FILE_MISSING, PATH_OUTSIDE_WORKSPACE, INPUT_INVALID; the last also where a secret stands in it.
 */
export function readEvaluatorSource(
  workspace: Workspace,
  { path: named, metrics }: { path: string; metrics: Record<string, Direction> },
): EvaluatorSource {
  const path = confine(workspace.root, named)
  const stat = statSync(path, { throwIfNoEntry: false })
  if (!stat?.isFile())
    throw new Refusal('FILE_MISSING', `The evaluator ${named} ${stat ? 'is no file' : 'does not exist'}.`, {
      invalid: [{ field: 'evaluator.path', problem: 'is no file' }],
    })
  const bytes = stat.size > LARGEST ? undefined : readFileSync(path)
  const text = bytes?.toString('utf8')
  if (bytes === undefined || text === undefined || !Buffer.from(text, 'utf8').equals(bytes))
    throw unusable(named, bytes ? 'is no text in UTF-8' : `is larger than ${LARGEST / 1000} kB`)
  if (maskText(text, secretValues(process.env)) !== text)
    throw unusable(named, 'holds what looks like a secret, and its text is copied beside the data, for Git')
  // Git may write line ends in another way in a clone: the frozen text has but one.
  return { text: text.replace(/^\uFEFF/, '').replaceAll('\r\n', '\n'), source: named, metrics }
}

function unusable(named: string, problem: string): Refusal {
  return new Refusal('INPUT_INVALID', `The evaluator ${named} ${problem}.`, {
    invalid: [{ field: 'evaluator.path', problem }],
  })
}

/** SHA-256 of what the version says of its evaluator: text, metrics, and how it is resampled. */
export function evaluatorSha256({ evaluator }: DatasetRecord): string | undefined {
  return evaluator && createHash('sha256').update(canonicalJson(evaluator)).digest('hex')
}

/** What is wrong with the frozen evaluator of a version, in a sentence; `undefined` where it is the one that was registered. */
export function evaluatorProblem(
  workspace: Workspace,
  ledger: Ledger,
  record: DatasetRecord,
): string | undefined {
  // Several where clones registered the same data: each may have had time for another number of resamples.
  const registered = ledger.lines.filter(
    ({ event, verified, data }) =>
      event === 'dataset.registered' && verified && data.dataset_hash === record.hash,
  )
  const found = evaluatorSha256(record)
  if (registered.length > 0 && !registered.some(({ data }) => data.evaluator_sha256 === found))
    return `dataset.json of ${record.dataset} says of its evaluator something else than the ledger holds from its registration`
  if (!record.evaluator) return undefined
  const { path, sha256 } = record.evaluator
  const now = fileHash(join(workspace.layout.dataset(record.dataset), path))
  if (now === sha256) return undefined
  return now === undefined
    ? `evaluator.py of ${record.dataset} is missing`
    : `evaluator.py of ${record.dataset} was changed: its SHA-256 is ${now.slice(0, 12)}..., and ${sha256.slice(0, 12)}... was registered`
}

/** What is wrong with the evaluators of all registered versions. */
export function changedEvaluators(workspace: Workspace, ledger: Ledger): string[] {
  return listVersions(workspace).flatMap(({ id }) => {
    try {
      return evaluatorProblem(workspace, ledger, findDataset(workspace, id)) ?? []
    } catch {
      // An unreadable dataset.json is told of where it is used.
      return []
    }
  })
}

/** @throws Refusal DATASET_INVALID where a version's evaluator is not the one that was registered. */
export function requireEvaluator(workspace: Workspace, record: DatasetRecord): void {
  if (!record.evaluator) return
  const problem = evaluatorProblem(workspace, readLedger(workspace), record)
  if (!problem) return
  const file = evaluatorFile(record)
  throw new Refusal('DATASET_INVALID', `${problem}. Nothing is measured with it.`, {
    invalid: [{ field: 'evaluator', problem: 'is not what was registered' }],
    next: [
      { person: `git checkout -- '${file}'`, why: 'its text is committed, so Git has it' },
      { person: `git log -p -- '${file}'`, why: 'shows who changed it' },
    ],
  })
}

/**
 * The same, and what was found is in the ledger first.
 * @throws Refusal DATASET_INVALID
 */
export async function noticeEvaluator(workspace: Workspace, record: DatasetRecord): Promise<void> {
  const { evaluator, dataset, hash } = record
  const found = evaluator && fileHash(join(workspace.layout.dataset(dataset), evaluator.path))
  if (found !== undefined && found !== evaluator?.sha256) {
    const { recordTamper } = await import('./tamper.ts')
    const expected = evaluator?.sha256 ?? ''
    await recordTamper(workspace, { what: 'evaluator', dataset, dataset_hash: hash, expected, found })
  }
  requireEvaluator(workspace, record)
}

/** Relative to the workspace. */
export function evaluatorFile(record: DatasetRecord): string {
  return `.specweave/datasets/${record.name}/v${record.version}/${record.evaluator?.path ?? 'evaluator.py'}`
}

/** What makes a version's evaluator again, as the lab is asked for it. */
export function frozenEvaluator(
  workspace: Workspace,
  record: DatasetRecord,
): { evaluator?: EvaluatorSource } {
  if (!record.evaluator) return {}
  requireEvaluator(workspace, record)
  const { source, metrics, resamples, path } = record.evaluator
  const text = readFileSync(join(workspace.layout.dataset(record.dataset), path), 'utf8')
  return { evaluator: { text, source, metrics, resamples } }
}
