import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { hashFile } from '../../adapters/files.ts'
import type { RunSummary } from '../../core/run-summary.ts'
import { readEvidence } from '../../evidence/evidence-file.ts'
import type { Ledger } from '../../evidence/ledger.ts'
import { reproductionOf } from '../../evidence/test-reproduction.ts'
import type { IncrementRef } from '../../increments/load.ts'
import { versionsIn } from '../../reports/keep-model.ts'
import { modelArtifact } from '../../reports/model-metadata.ts'

/** A model file as a record that lies elsewhere names it. */
export interface RecordedModel {
  /** Relative to the run's folder. */
  path: string
  sha256: string
  /** It made the predictions that were looked at on test. */
  reproduced: boolean
}

/** What the ledger says of the file that a run saved its model in: in a clone there are neither its events nor the file. */
export function recordedModel(ledger: Ledger, run: string, runFolder: string): RecordedModel | undefined {
  const evidence = readEvidence(runFolder)
  const found =
    evidence && reproductionOf(ledger, run, evidence.dataset_hash, evidence.splits.test?.predictions_sha256)
  return found?.model && found.model_sha256
    ? { path: found.model, sha256: found.model_sha256, reproduced: found.status === 'reproduced' }
    : undefined
}

/** Hashed within a tool's call; a larger file is hashed by `verify` alone. */
export const HASHED_IN_A_CALL = 2 * 1024 ** 3

/**
 * @param largest bytes of a file that is hashed.
 * @returns what is wrong with the model file in a run's folder; nothing where it is not there, as in a clone.
 */
export function runModelProblem(
  run: Pick<RunSummary, 'run' | 'artifacts'>,
  folder: string,
  ledger: Ledger,
  largest = Number.POSITIVE_INFINITY,
): string | undefined {
  const artifact = modelArtifact(run)
  const proven = recordedModel(ledger, run.run, folder)
  const path = artifact?.path ?? proven?.path
  const sha256 = path === undefined ? undefined : hashOf(join(folder, path), largest)
  if (path === undefined || sha256 === undefined) return undefined
  if (artifact?.sha256 && artifact.sha256 !== sha256)
    return `${path} is no longer the file that the run recorded (SHA-256 ${short(sha256)}, recorded ${short(artifact.sha256)}).`
  if (proven?.reproduced && proven.path === path && proven.sha256 !== sha256)
    return `${path} is no longer the model that was looked at on test (SHA-256 ${short(sha256)}, in the ledger ${short(proven.sha256)}).`
  return undefined
}

/**
 * What is wrong with the models that an increment kept under `models/`: each file against its metadata, and both against
 * the ledger's lines of completion. Files that are not there, as in a clone, are left out.
 */
export function keptModelProblems(
  increment: Pick<IncrementRef, 'id' | 'path'>,
  ledger: Ledger,
  largest = Number.POSITIVE_INFINITY,
): string[] {
  const models = join(increment.path, 'models')
  const versions = versionsIn(models)
  const completed = completedModels(ledger, increment.id)
  const problems: string[] = []
  for (const name of namesIn(models)) {
    const [, number] = /^model-v(\d+)(?:\.|$)/.exec(name) ?? []
    if (number === undefined || name.endsWith('.metadata.json') || name.endsWith('.tmp')) continue
    const sha256 = hashOf(join(models, name), largest)
    if (sha256 === undefined) continue
    const version = versions.find(({ model }) => model.path === `models/${name}`)
    if (version && version.model.sha256 !== sha256)
      problems.push(
        `models/${name} is not the model that was kept of ${version.run}: its SHA-256 is ${short(sha256)}, and model-v${number}.metadata.json says ${short(version.model.sha256)}.`,
      )
    else if (!version && completed.length > 0 && !completed.includes(sha256))
      problems.push(
        `models/${name} has no metadata beside it, and its SHA-256 ${short(sha256)} is none that ${increment.id} was completed with.`,
      )
  }
  for (const sha256 of versions.length > 0 ? completed : [])
    if (!versions.some(({ model }) => model.sha256 === sha256))
      problems.push(
        `models/: ${increment.id} was completed with a model of SHA-256 ${short(sha256)}, as the ledger holds, and the metadata there name ${versions.map(({ model }) => short(String(model.sha256))).join(', ')}.`,
      )
  return problems
}

function completedModels(ledger: Ledger, increment: string): string[] {
  const hashes = ledger.lines.flatMap(({ event, verified, data }) =>
    event === 'increment.completed' &&
    verified &&
    data.increment === increment &&
    typeof data.model_sha256 === 'string'
      ? [data.model_sha256]
      : [],
  )
  return [...new Set(hashes)]
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort()
  } catch {
    return []
  }
}

/** Of files as they were: a model may be large, and is asked for by every look at its increment. */
const hashed = new Map<string, { state: string; sha256: string }>()

/** @returns `undefined` where there is no such file, or a larger one. */
function hashOf(path: string, largest: number): string | undefined {
  const stat = statSync(path, { throwIfNoEntry: false, bigint: true })
  if (!stat?.isFile() || stat.size > largest) return undefined
  const state = [stat.dev, stat.ino, stat.size, stat.mtimeNs, stat.ctimeNs].join(' ')
  const known = hashed.get(path)
  if (known?.state === state) return known.sha256
  const sha256 = hashIfReadable(path)
  if (sha256 !== undefined) hashed.set(path, { state, sha256 })
  return sha256
}

function hashIfReadable(path: string): string | undefined {
  try {
    return hashFile(path)
  } catch {
    return undefined
  }
}

function short(sha256: string): string {
  return `${sha256.slice(0, 12)}...`
}
