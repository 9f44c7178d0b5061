import { constants, copyFileSync, linkSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import {
  asRefusal,
  confine,
  createExclusive,
  hashFile,
  readJson,
  temporaryName,
  writeFileAtomic,
} from '../adapters/files.ts'
import { canonicalJson } from '../core/canonical-json.ts'
import type { DatasetRecord } from '../core/dataset-record.ts'
import { Refusal } from '../core/errors.ts'
import type { RunSummary } from '../core/run-summary.ts'
import type { Threshold } from '../core/threshold.ts'
import {
  type EnvironmentSummary,
  endOf,
  type ModelEnd,
  type ModelMetadata,
  modelArtifact,
  modelFileName,
  modelMetadata,
} from './model-metadata.ts'

export interface KeepModelFacts extends ModelEnd {
  /** `0042` */
  increment: string
  incrementFolder: string
  runFolder: string
  run: RunSummary
  dataset?: DatasetRecord
  environment?: EnvironmentSummary
  /** That was chosen for the run. */
  threshold?: Threshold
}

/**
 * Keeps the run's model as the increment's next version: `models/model-v1.joblib`, a copy that later work in the run's
 * folder cannot change, and `models/model-v1.metadata.json`. The same file of the same run is kept once.
 * @returns `undefined` where the run handed in no model.
 * @throws Refusal FILE_MISSING where the model file is gone, or is no longer the one that was recorded.
 */
export function keepModel(facts: KeepModelFacts): { metadata: ModelMetadata; reused: boolean } | undefined {
  const artifact = modelArtifact(facts.run)
  if (!artifact) return undefined
  const source = confine(facts.runFolder, artifact.path)
  const sha256 = hashModel(source, artifact.path)
  if (artifact.sha256 !== undefined && artifact.sha256 !== sha256) {
    throw new Refusal(
      'ARTIFACT_CHANGED',
      `${artifact.path} of ${facts.run.run} is no longer the file that the run recorded (SHA-256 ${sha256.slice(0, 12)}, recorded ${artifact.sha256.slice(0, 12)}). Run the experiment again.`,
    )
  }
  const models = join(facts.incrementFolder, 'models')
  mkdirSync(models, { recursive: true })
  const kept = versionsIn(models).find(({ run, model }) => run === facts.run.run && model.sha256 === sha256)
  if (kept) return { metadata: endedAgain(models, kept, facts), reused: true }

  for (let number = highestNumber(models) + 1; ; number += 1) {
    if (!copyExclusive(source, join(models, modelFileName(number, artifact.path)))) continue
    const metadata = modelMetadata({ ...facts, number, artifact, sha256 })
    const file = join(models, `model-v${number}.metadata.json`)
    if (createExclusive(file, `${JSON.stringify(metadata, null, 2)}\n`)) return { metadata, reused: false }
  }
}

/** After a review the same model may be kept for another end: its metadata say the last one. */
function endedAgain(models: string, kept: ModelMetadata, facts: KeepModelFacts): ModelMetadata {
  const { outcome: _o, waivers: _w, criteria_change: _c, criteria_proposal: _p, ...rest } = kept
  const metadata = { ...rest, ...endOf(facts) }
  const file = join(models, `model-v${kept.version.split('-v').at(-1)}.metadata.json`)
  if (canonicalJson(metadata) !== canonicalJson(kept))
    writeFileAtomic(file, `${JSON.stringify(metadata, null, 2)}\n`)
  return metadata
}

/** The versions that an increment's `models/` folder holds, in the order of their numbers. */
export function versionsIn(models: string): ModelMetadata[] {
  return names(models)
    .flatMap((name) => {
      const number = Number(/^model-v(\d+)\.metadata\.json$/.exec(name)?.[1])
      const metadata = Number.isNaN(number) ? undefined : readJson<ModelMetadata>(join(models, name))
      return metadata?.model ? [{ number, metadata }] : []
    })
    .sort((a, b) => a.number - b.number)
    .map(({ metadata }) => metadata)
}

function highestNumber(models: string): number {
  return Math.max(0, ...names(models).map((name) => Number(/^model-v(\d+)(?:\.|$)/.exec(name)?.[1] ?? 0)))
}

function names(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw cause
  }
}

/** A copy that is whole from its first moment. @returns false where the name is taken. */
function copyExclusive(source: string, target: string): boolean {
  const temporary = `${target}${temporaryName('tmp')}`
  try {
    copyFileSync(source, temporary, constants.COPYFILE_FICLONE)
    try {
      linkSync(temporary, target)
    } catch (cause) {
      const code = (cause as NodeJS.ErrnoException).code
      if (code === 'EEXIST') return false
      if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'EOPNOTSUPP') throw cause
      return copyWithoutLink(source, target)
    }
    return true
  } catch (cause) {
    throw asRefusal(cause, target)
  } finally {
    rmSync(temporary, { force: true })
  }
}

/** For file systems without hard links. */
function copyWithoutLink(source: string, target: string): boolean {
  try {
    copyFileSync(source, target, constants.COPYFILE_EXCL)
    return true
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw cause
  }
}

function hashModel(path: string, shown: string): string {
  try {
    return hashFile(path)
  } catch (cause) {
    const { code, syscall } = cause as NodeJS.ErrnoException
    if (code === 'EISDIR')
      throw new Refusal('FILE_MISSING', `The model ${shown} is a folder; a model version is one file.`, {
        cause,
      })
    if (syscall === 'open')
      throw new Refusal('FILE_MISSING', `The model file ${shown} cannot be read.`, { cause })
    throw cause
  }
}
