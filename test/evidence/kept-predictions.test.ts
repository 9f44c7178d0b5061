import { createHash, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { SplitEvidence } from '../../src/evidence/evidence-file.ts'
import {
  figureCount,
  isSame,
  otherMethods,
  otherMethodsInWords,
  wrongFigures,
} from '../../src/evidence/figures.ts'
import { keepPredictions } from '../../src/evidence/kept-predictions.ts'
import { findPredictions } from '../../src/evidence/scoring.ts'
import { admitPredictions, PREDICTIONS_RULE, writeGitRules } from '../../src/store/git-rules.ts'
import { sandbox } from './fixtures/sandbox.ts'

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

function run(folder: string, name: string, predictions: Record<string, string>) {
  const path = join(folder, name)
  mkdirSync(join(path, 'predictions'), { recursive: true })
  const splits: Record<string, object> = {}
  for (const [split, text] of Object.entries(predictions)) {
    writeFileSync(join(path, 'predictions', `${split}.csv`), text)
    splits[split] = { metrics: [], predictions_sha256: sha256(text) }
  }
  writeFileSync(
    join(path, 'evidence.json'),
    JSON.stringify({ format: 1, run: name, dataset: 'churn@1', dataset_hash: 'd', splits }),
  )
  return { run: name, folder: path }
}

describe('predictions that a verdict read', () => {
  it('are kept once, with bytes that depend on the CSV alone', async () => {
    const { folder } = sandbox()
    const one = run(folder, 'a', {
      validation: 'row_id,prediction\n1,yes\n',
      test: 'row_id,prediction\n2,no\n',
    })
    const kept = await keepPredictions([one])
    expect(kept.map(({ split, sha256 }) => [split, sha256])).toEqual([
      ['test', sha256('row_id,prediction\n2,no\n')],
      ['validation', sha256('row_id,prediction\n1,yes\n')],
    ])
    const file = join(one.folder, 'predictions/test.csv.gz')
    const bytes = readFileSync(file)
    expect(await keepPredictions([one])).toEqual(kept)
    rmSync(file)
    utimesSync(join(one.folder, 'predictions/test.csv'), 1, 1)
    await keepPredictions([one])
    expect(readFileSync(file)).toEqual(bytes)
    // In a clone there is no more than that, and it is found under the hash of the CSV.
    rmSync(join(one.folder, 'predictions/test.csv'))
    expect(await findPredictions(one.folder, 'test')).toEqual({ path: file, sha256: kept[0]?.sha256 })
    expect(await keepPredictions([one])).toEqual(kept)
  })

  it('are not kept where they changed since they were measured, or are gone', async () => {
    const { folder } = sandbox()
    const one = run(folder, 'a', { validation: 'v', test: 't' })
    writeFileSync(join(one.folder, 'predictions/test.csv'), 'other')
    rmSync(join(one.folder, 'predictions/validation.csv'))
    expect((await keepPredictions([one])).map(({ not_kept }) => not_kept)).toEqual(['missing', 'missing'])
    expect(existsSync(join(one.folder, 'predictions/test.csv.gz'))).toBe(false)
  })

  it('are kept up to a limit, the candidate and test first; what earlier verdicts kept counts', async () => {
    const { folder } = sandbox()
    const noise = (): string => randomBytes(1000).toString('base64')
    const runs = ['a', 'b'].map((name) => run(folder, name, { train: noise(), test: noise() }))
    const kept = await keepPredictions(runs, [], 2500)
    expect(kept.map(({ run, split, not_kept }) => [run, split, not_kept])).toEqual([
      ['a', 'test', undefined],
      ['a', 'train', undefined],
      ['b', 'test', 'too_large'],
      ['b', 'train', 'too_large'],
    ])
    const c = run(folder, 'c', { test: noise() })
    expect(await keepPredictions([c], kept, 2500)).toMatchObject([
      { gzip_bytes: null, not_kept: 'too_large' },
    ])
    expect(await keepPredictions([c], kept, 4000)).toMatchObject([{ gzip_bytes: expect.any(Number) }])
  })

  it('are let in by .gitignore, ours brought up to date, a person’s left alone', () => {
    const { workspace } = sandbox()
    const file = join(workspace.layout.folder, '.gitignore')
    expect(admitPredictions(workspace.layout)).toBe(true)
    writeGitRules(workspace.layout)
    const ours = readFileSync(file, 'utf8')
    expect(ours).toContain(PREDICTIONS_RULE)
    const former = ours.replace(`${PREDICTIONS_RULE}\n`, '')
    for (const text of [former, former.replace('!increments/*/experiments/differences.json\n', '')]) {
      writeFileSync(file, text)
      expect(admitPredictions(workspace.layout)).toBe(true)
      expect(readFileSync(file, 'utf8')).toBe(ours)
    }
    writeFileSync(file, `${former}mine/\n`)
    expect(admitPredictions(workspace.layout)).toBe(false)
    writeGitRules(workspace.layout)
    expect(readFileSync(file, 'utf8')).toBe(`${former}mine/\n`)
  })
})

describe('figures', () => {
  const entry: SplitEvidence = {
    rows: 10,
    metrics: [
      { name: 'accuracy', value: 0.9, ci: [0.8, 0.95] },
      { name: 'log_loss', value: 'Infinity', ci: null },
    ],
    warnings: [],
    predictions_sha256: 'p',
    labels_sha256: 'l',
    lab: '1',
    at: '2026-11-20T09:00:00.000Z',
    confusion: {
      classes: ['no', 'yes'],
      matrix: [
        [8, 1],
        [0, 1],
      ],
    },
  }
  const metric = (value: number | 'NaN', ci: [number, number] | null = [0.8, 0.95]) => ({
    ...entry,
    metrics: [{ name: 'accuracy', value, ci }, ...entry.metrics.slice(1)],
  })

  it('are the same within 1e-9, and told apart beyond it', () => {
    expect(figureCount(entry)).toBe(3)
    expect(wrongFigures(entry, { ...entry, at: 'later', look: 2 })).toEqual([])
    expect(wrongFigures(entry, metric(0.9 + 5e-10))).toEqual([])
    expect(wrongFigures(entry, metric(0.9 + 5e-9))).toEqual([
      expect.stringMatching(/^accuracy: 0\.9 stands in/),
    ])
    expect(wrongFigures(entry, metric('NaN'))).toHaveLength(1)
    expect(wrongFigures(entry, metric(0.9, [0.8, 0.96]))).toEqual([
      'the interval of accuracy: [0.8,0.95] stands in evidence.json, and the predictions give [0.8,0.96]',
    ])
    expect(wrongFigures(entry, metric(0.9, null))).toHaveLength(1)
    expect(wrongFigures(entry, { ...entry, rows: 11, labels_sha256: 'm' })).toHaveLength(2)
    expect(
      wrongFigures(entry, {
        ...entry,
        confusion: {
          classes: ['no', 'yes'],
          matrix: [
            [8, 1],
            [1, 0],
          ],
        },
      }),
    ).toHaveLength(1)
    expect(isSame(1e12, 1e12 + 1e-4)).toBe(true)
    expect(isSame(1e12, 1e12 + 1e5)).toBe(false)
  })

  it('by another method of another build are compared by their values alone', () => {
    const by = (
      method: string | undefined,
      lab_sha256: string | undefined,
      ci: [number, number] | null,
      value = 2,
    ) => ({
      ...entry,
      ...(lab_sha256 ? { lab_sha256 } : {}),
      metrics: [{ name: 'rmse', value, ci, ...(method ? { ci_method: method } : {}) }],
    })
    const again = by('bootstrap_t', 'new', [1.5, 3])
    for (const build of ['old', undefined]) {
      const old = by('bootstrap_bca', build, [1.6, 2.5])
      expect(wrongFigures(old, again)).toEqual([])
      expect(otherMethodsInWords(otherMethods(old, again))).toEqual([
        'the interval of rmse was not compared, its value was: it was recorded by `bootstrap_bca`, and the lab that is here computes `bootstrap_t`',
      ])
      expect(wrongFigures(by('bootstrap_bca', build, [1.6, 2.5], 2.1), again)).toEqual([
        expect.stringMatching(/^rmse: 2\.1 stands in/),
      ])
      // No interval at all is no other method, and one without a method says nothing.
      expect(wrongFigures(by('none', build, null), again)).toHaveLength(1)
      expect(wrongFigures(by(undefined, build, [1.6, 2.5]), again)).toHaveLength(1)
      expect(wrongFigures(by('bootstrap_t', build, [1.6, 2.5]), again)).toHaveLength(1)
    }
    // The build that is here knows one method for this data: that of evidence.json was edited.
    const edited = by('bootstrap_bca', 'new', [1.6, 2.5])
    expect([wrongFigures(edited, again).length, otherMethods(edited, again)]).toEqual([1, []])
    const both = { ...entry, metrics: [...edited.metrics, { ...edited.metrics[0], name: 'mae' }] }
    const bothAgain = { ...again, metrics: [...again.metrics, { ...again.metrics[0], name: 'mae' }] }
    expect(otherMethodsInWords(otherMethods(both as SplitEvidence, bothAgain as SplitEvidence))).toEqual([
      expect.stringMatching(/^the intervals of rmse, mae were not compared/),
    ])
  })

  it('that one side lacks are wrong, but for what a newer lab measures besides', () => {
    const more = { ...entry, metrics: [...entry.metrics, { name: 'mcc', value: 0.5 }] }
    expect(wrongFigures(entry, more)).toEqual([
      'mcc is missing in evidence.json, and the predictions give it',
    ])
    expect(wrongFigures(entry, { ...more, lab: '2' })).toEqual([])
    expect(wrongFigures(more, { ...entry, lab: '2' })).toEqual([
      'mcc stands in evidence.json, and the predictions do not give it',
    ])
  })
})
