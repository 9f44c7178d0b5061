import { mkdirSync, mkdtempSync, realpathSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DatasetRecord } from '../../src/core/dataset-record.ts'
import type { RunSummary } from '../../src/core/run-summary.ts'
import { createIncrement } from '../../src/increments/create.ts'
import { type CreateRequest, planIncrement } from '../../src/increments/increment-plan.ts'
import { type IncrementRef, resolveIncrement } from '../../src/increments/load.ts'
import { openWorkspace, type Workspace } from '../../src/store/workspace.ts'

export function newWorkspace(): Workspace {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'specweave-increments-')))
  mkdirSync(join(root, '.specweave'))
  return openWorkspace(root)
}

export const NOW = new Date('2026-11-21T08:00:00.000Z')

export function create(
  workspace: Workspace,
  request: Partial<CreateRequest> & { title: string },
  dataset?: DatasetRecord,
): IncrementRef {
  const plan = planIncrement(
    { problem_type: 'classification', ...request },
    { project: 'shop', now: NOW, dataset },
  )
  return resolveIncrement(workspace, createIncrement(workspace, plan).increment)
}

export function churnRecord(): DatasetRecord {
  return {
    format: 1,
    dataset: 'churn@1',
    name: 'churn',
    version: 1,
    hash: 'a'.repeat(64),
    created: '2026-11-21T08:00:00.000Z',
    source: { path: 'data/churn.csv', format: 'csv', sha256: 'b'.repeat(64), bytes: 480_000 },
    problem_type: 'classification',
    target: 'churn',
    positive: 'yes',
    classes: ['no', 'yes'],
    rows: 5000,
    columns: [
      {
        name: 'state',
        role: 'feature',
        type: 'categorical',
        missing: 0,
        unique: 51,
        top: [{ value: 'WV', count: 158 }],
      },
      {
        name: 'minutes|day',
        role: 'feature',
        type: 'numeric',
        missing: 1200,
        unique: 1900,
        min: 0,
        max: 351.5,
        mean: 180.3,
        std: 54,
      },
      {
        name: 'constant',
        role: 'feature',
        type: 'numeric',
        missing: 0,
        unique: 1,
        min: 1,
        max: 1,
        mean: 1,
        std: 0,
      },
      { name: 'phone', role: 'feature', type: 'text', missing: 0, unique: 5000 },
      {
        name: 'churn',
        role: 'target',
        type: 'categorical',
        missing: 0,
        unique: 2,
        top: [
          { value: 'no', count: 4293 },
          { value: 'yes', count: 707 },
        ],
      },
    ],
    split: { method: 'stratified', validation: 0.2, test: 0.2, seed: 0, key: 'churn:0' },
    splits: {
      train: { rows: 3001, path: 'train.csv', sha256: 'c'.repeat(64), classes: { no: 2577, yes: 424 } },
      validation: {
        rows: 976,
        path: 'validation.csv',
        sha256: 'd'.repeat(64),
        classes: { no: 840, yes: 136 },
      },
      test: { rows: 1023, path: 'test.csv', sha256: 'e'.repeat(64), labels_sha256: 'f'.repeat(64) },
    },
    warnings: ['The positive class is "yes", the rarer one.'],
  }
}

export function run(name: string, over: Partial<RunSummary> = {}): RunSummary {
  return {
    run: `0001/${name}`,
    increment: '0001',
    name,
    state: 'succeeded',
    created: '2026-11-21T09:00:00.000Z',
    command: ['python', 'train.py'],
    params: {},
    metrics: [],
    notes: [],
    tags: {},
    artifacts: [{ path: 'model.joblib', bytes: 210_801, kind: 'model' }],
    warnings: [],
    ...over,
  }
}
