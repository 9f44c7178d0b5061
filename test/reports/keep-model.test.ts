import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { RunSummary } from '../../src/core/run-summary.ts'
import { algorithmOf } from '../../src/reports/algorithm.ts'
import { keepModel, versionsIn } from '../../src/reports/keep-model.ts'
import { modelFileName } from '../../src/reports/model-metadata.ts'
import * as facts from './facts.ts'
import { temporaryFolder } from './temporary-folder.ts'

const sha = (text: string) => createHash('sha256').update(text).digest('hex')

function runWithModel(path: string, text: string, more: Partial<RunSummary> = {}) {
  const runFolder = temporaryFolder()
  mkdirSync(dirname(join(runFolder, path)), { recursive: true })
  writeFileSync(join(runFolder, path), text)
  const run: RunSummary = {
    ...facts.boosting,
    artifacts: [{ path, bytes: text.length, kind: 'model', sha256: sha(text) }],
    ...more,
  }
  return { increment: '0042', incrementFolder: temporaryFolder(), runFolder, run, dataset: facts.dataset }
}

describe('keepModel', () => {
  it('copies the model and writes where it came from', () => {
    const given = runWithModel('out/model.joblib', 'weights')
    const kept = keepModel({
      ...given,
      environment: { python: '3.11.7', packages: { 'scikit-learn': '1.9.0' } },
    })
    const models = join(given.incrementFolder, 'models')
    expect(readdirSync(models).sort()).toEqual(['model-v1.joblib', 'model-v1.metadata.json'])
    expect(readFileSync(join(models, 'model-v1.joblib'), 'utf8')).toBe('weights')
    expect(JSON.parse(readFileSync(join(models, 'model-v1.metadata.json'), 'utf8'))).toEqual(kept?.metadata)
    expect(kept).toMatchObject({
      reused: false,
      metadata: {
        format: 1,
        version: '0042-v1',
        run: '0042/exp-003-boosting',
        algorithm: { name: 'Gradient boosting', from: 'experiment name' },
        dataset: { id: 'churn@1', hash: 'd'.repeat(64), target: 'churn', positive: 'yes' },
        code: { git_sha: 'a'.repeat(40), command: ['python', 'train.py'] },
        model: { path: 'models/model-v1.joblib', artifact: 'out/model.joblib', sha256: sha('weights') },
        bytes: 7,
        created: '2026-11-21T09:00:00.000Z',
      },
    })
    expect(kept?.metadata.metrics[0]).toMatchObject({
      name: 'accuracy',
      split: 'test',
      source: 'measured',
      grade: 'sealed',
    })

    writeFileSync(join(given.runFolder, 'out/model.joblib'), 'spoiled')
    expect(readFileSync(join(models, 'model-v1.joblib'), 'utf8')).toBe('weights')
  })

  it('keeps the same model once, and another as the next version', () => {
    const given = runWithModel('model.pkl', 'one')
    expect(keepModel(given)?.reused).toBe(false)
    expect(keepModel(given)).toMatchObject({ reused: true, metadata: { version: '0042-v1' } })
    const other = runWithModel('model.pt', 'two', { run: '0042/exp-004-other' })
    expect(keepModel({ ...other, incrementFolder: given.incrementFolder })?.metadata.version).toBe('0042-v2')
    expect(versionsIn(join(given.incrementFolder, 'models')).map(({ version }) => version)).toEqual([
      '0042-v1',
      '0042-v2',
    ])
  })

  it('takes no number that a file has already', () => {
    const given = runWithModel('model.pkl', 'one')
    mkdirSync(join(given.incrementFolder, 'models'))
    writeFileSync(join(given.incrementFolder, 'models', 'model-v3.pkl'), 'by hand')
    expect(keepModel(given)?.metadata.version).toBe('0042-v4')
  })

  it('refuses a file that is gone, changed, a folder or elsewhere', () => {
    const changed = runWithModel('model.pkl', 'one')
    writeFileSync(join(changed.runFolder, 'model.pkl'), 'two')
    expect(() => keepModel(changed)).toThrow(/no longer the file that the run recorded/)
    const artifact = (path: string) => ({
      ...changed,
      run: { ...changed.run, artifacts: [{ path, bytes: 1, kind: 'model' as const }] },
    })
    expect(() => keepModel(artifact('gone.pkl'))).toThrow(/cannot be read/)
    expect(() => keepModel(artifact('.'))).toThrow(/is a folder/)
    expect(() => keepModel(artifact('../../etc/passwd'))).toThrow(/outside/)
    expect(versionsIn(join(changed.incrementFolder, 'models'))).toEqual([])
    expect(keepModel({ ...changed, run: { ...changed.run, artifacts: [] } })).toBeUndefined()
  })

  it('masks parameters that are named like secrets', () => {
    const given = runWithModel('model.pkl', 'x', { params: { api_key: 'hunter22', lr: 1 } })
    expect(keepModel(given)?.metadata.params).toEqual({ api_key: '********', lr: 1 })
  })
})

describe('names', () => {
  it.each([
    ['model.joblib', 'model-v2.joblib'],
    ['a/b/net.tar.gz', 'model-v2.tar.gz'],
    ['model', 'model-v2'],
    ['.hidden', 'model-v2'],
    ['x.p|kl', 'model-v2'],
  ])('%s is kept as %s', (artifact, name) => {
    expect(modelFileName(2, artifact)).toBe(name)
  })

  it.each([
    [{ params: { model: 'HistGradientBoostingClassifier' } }, 'HistGradientBoostingClassifier', 'params'],
    [{ params: { model: './model.pkl' }, name: 'exp-003-xgboost' }, 'XGBoost', 'experiment name'],
    [{ name: 'exp-002-lightgbm-r2' }, 'LightGBM', 'experiment name'],
    [{ name: 'exp-005-neural-net' }, 'Neural network', 'experiment name'],
    [{ name: 'exp-006-first', command: ['python', 'scripts/train_forest.py'] }, 'Random forest', 'command'],
    [{ name: 'exp-006-annex', command: ['python', 'train.py'] }, 'not recorded', 'unknown'],
    [{ baseline: 'majority' }, 'baseline: majority', 'baseline'],
    [{ tags: { algorithm: 'SVM' } }, 'SVM', 'tags'],
  ])('%o is %s', (more, name, from) => {
    expect(algorithmOf(facts.run('exp-001-x', more as Partial<RunSummary>))).toEqual({ name, from })
  })
})
