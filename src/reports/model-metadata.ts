import { criteriaChangeWords } from '../core/criteria-change.ts'
import { criteriaProposalWords } from '../core/criteria-proposal.ts'
import type { DatasetRecord } from '../core/dataset-record.ts'
import { type Measurement, sortMeasurements } from '../core/measurement.ts'
import type { ArtifactSummary, RunSummary } from '../core/run-summary.ts'
import type { Threshold } from '../core/threshold.ts'
import { type AlgorithmName, algorithmOf } from './algorithm.ts'
import { maskedParams } from './masked-params.ts'
import type { PersonDecisions, Waiver } from './person-decisions.ts'

/** The part of a run's environment that a model needs to be loaded again. */
export interface EnvironmentSummary {
  python?: string
  platform?: string
  /** Name and version. */
  packages?: Readonly<Record<string, string>>
}

/** `models/model-v<K>.metadata.json`. Field names are those of the file. */
export interface ModelMetadata {
  format: 1
  /** `0042-v1` */
  version: string
  increment: string
  /** `0042/exp-003-xgboost` */
  run: string
  algorithm: AlgorithmName
  params: Record<string, unknown>
  seed?: number
  dataset?: { id: string; hash: string; target: string; positive?: string; classes?: string[] }
  code: { git_sha?: string; git_dirty?: boolean; command: string[] }
  metrics: Measurement[]
  /** By which its labels are made from its scores; absent where they are the model's own. */
  threshold?: Threshold
  /** How the increment ended that kept it: of `not_passed` it is a record, and not to be used. */
  outcome?: 'passed' | 'not_passed' | 'ready_for_review'
  /** Checks that a person let be; absent where there are none. */
  waivers?: readonly Waiver[]
  /** Criteria that are not those of the first look, in words, with who approved it. */
  criteria_change?: string
  /** Criteria that were proposed at creation, in words, with who confirmed them. */
  criteria_proposal?: string
  environment: EnvironmentSummary
  /** The file that was kept, relative to the increment's folder, and where it came from in the run's folder. */
  model: { path: string; artifact: string; sha256: string }
  bytes: number
  /** When the run ended: the same record gives the same file. ISO 8601, UTC. */
  created: string
}

export interface ModelFacts extends PersonDecisions {
  increment: string
  /** K of `0042-vK`. */
  number: number
  run: RunSummary
  dataset?: DatasetRecord
  environment?: EnvironmentSummary
  threshold?: Threshold
  outcome?: ModelMetadata['outcome']
  artifact: ArtifactSummary
  /** Of the file as it lies on disk. */
  sha256: string
}

/** The model file of a run: what was saved as a model, the first by name where there are several. */
export function modelArtifact(run: Pick<RunSummary, 'artifacts'>): ArtifactSummary | undefined {
  return run.artifacts
    .filter(({ kind }) => kind === 'model')
    .sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0))[0]
}

/** `model-v3.pkl`: the artifact's own ending, so that the file is loaded as it was saved. */
export function modelFileName(number: number, artifact: string): string {
  const base = artifact.split('/').at(-1) ?? artifact
  const [, ending = ''] = /[^.]((?:\.tar)?\.[A-Za-z0-9_]{1,16})$/.exec(base) ?? []
  return `model-v${number}${ending}`
}

export function modelMetadata(facts: ModelFacts): ModelMetadata {
  const { run, dataset, artifact } = facts
  return {
    format: 1,
    version: `${facts.increment}-v${facts.number}`,
    increment: facts.increment,
    run: run.run,
    algorithm: algorithmOf(run),
    params: maskedParams(run.params),
    ...(run.seed === undefined ? {} : { seed: run.seed }),
    ...(dataset
      ? {
          dataset: {
            id: dataset.dataset,
            hash: dataset.hash,
            target: dataset.target,
            ...(dataset.positive === undefined ? {} : { positive: dataset.positive }),
            ...(dataset.classes === undefined ? {} : { classes: dataset.classes }),
          },
        }
      : {}),
    code: {
      ...(run.gitSha === undefined ? {} : { git_sha: run.gitSha }),
      ...(run.gitDirty === undefined ? {} : { git_dirty: run.gitDirty }),
      command: run.command,
    },
    metrics: sortMeasurements(run.metrics),
    ...(facts.threshold ? { threshold: facts.threshold } : {}),
    ...endOf(facts),
    environment: facts.environment ?? {},
    model: {
      path: `models/${modelFileName(facts.number, artifact.path)}`,
      artifact: artifact.path,
      sha256: facts.sha256,
    },
    bytes: artifact.bytes,
    created: run.ended ?? run.created,
  }
}

/** What of an end people decided. */
export type ModelEnd = Pick<ModelFacts, 'outcome' | 'waivers' | 'criteriaChange' | 'criteriaProposal'>

/** What is told of the increment's end, which may come again after a review. */
export function endOf({
  outcome,
  waivers = [],
  criteriaChange,
  criteriaProposal,
}: ModelEnd): Pick<ModelMetadata, 'outcome' | 'waivers' | 'criteria_change' | 'criteria_proposal'> {
  return {
    ...(outcome ? { outcome } : {}),
    ...(waivers.length > 0 ? { waivers } : {}),
    ...(criteriaChange ? { criteria_change: criteriaChangeWords(criteriaChange) } : {}),
    ...(criteriaProposal ? { criteria_proposal: criteriaProposalWords(criteriaProposal) } : {}),
  }
}
