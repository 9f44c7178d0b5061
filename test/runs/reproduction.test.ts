import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { predictionsBeside } from '../../src/evidence/predictions-beside.ts'
import type { RunRecord } from '../../src/runs/record.ts'
import { differencesBetween } from '../../src/runs/reproduction-differences.ts'
import {
  isWithin,
  judgeReproduction,
  type MetricComparison,
  rangeOf,
  type SplitComparison,
} from '../../src/runs/reproduction-outcome.ts'

const split = (same: SplitComparison['same']): SplitComparison => ({ split: 'validation', same })
const metric = (within: boolean, more: Partial<MetricComparison> = {}): MetricComparison => ({
  name: 'accuracy',
  split: 'validation',
  was: 0.8,
  is: within ? 0.8 : 0.7,
  within,
  ...more,
})

describe('the outcome of a repetition', () => {
  it.each([
    ['equal bytes', [split('bytes')], [], 'identical', 'predictions'],
    ['equal rows in another order', [split('rows'), split('bytes')], [], 'identical', 'predictions'],
    ['other predictions within an interval', [split('no')], [metric(true)], 'within_noise', 'paired'],
    [
      'other predictions within the seeds',
      [split('no')],
      [metric(true, { seed_range: 0.1 })],
      'within_noise',
      'seeds',
    ],
    ['one metric outside', [split('no')], [metric(true), metric(false)], 'different', 'paired'],
    ['other predictions that nobody could measure', [split('no')], [], 'different', 'predictions'],
    ['a split that is missing now', [split('missing'), split('no')], [metric(true)], 'different', 'paired'],
    ['no predictions, equal reports', [], [metric(true)], 'identical', 'reported'],
    ['no predictions, other reports', [], [metric(false)], 'different', 'reported'],
    ['no predictions, no reports', [], [], 'different', 'reported'],
  ] as const)('%s', (_what, splits, metrics, outcome, basis) => {
    expect(judgeReproduction({ succeeded: true, splits, metrics })).toEqual({ outcome, basis })
  })

  it('is a failure where the repetition failed, whatever it left', () => {
    expect(judgeReproduction({ succeeded: false, splits: [split('bytes')], metrics: [] }).outcome).toBe(
      'failed',
    )
  })

  it('asks for three runs before it speaks of a range', () => {
    expect(rangeOf([0.7, 0.9])).toBeUndefined()
    expect(rangeOf([0.7, 0.9, 0.8])).toBeCloseTo(0.2)
  })

  it('takes a difference as noise by the range, else by an interval that holds zero, else never', () => {
    expect(isWithin(0.8, 0.9, { seed_range: 0.1 + 1e-12 })).toBe(true)
    expect(isWithin(0.8, 0.95, { seed_range: 0.1, ci: [-1, 1] })).toBe(false)
    expect(isWithin(0.8, 0.9, { ci: [-0.01, 0.2] })).toBe(true)
    expect(isWithin(0.8, 0.9, { ci: [0.01, 0.2] })).toBe(false)
    expect(isWithin(0.8, 0.9, {})).toBe(false)
    expect(isWithin(0.8, 0.8, { ci: [0.01, 0.2] })).toBe(true)
  })
})

describe('what differed', () => {
  const record = {
    code: { git_sha: 'a', branch: null, dirty: false, hash: null, omitted: [] },
    environment: { interpreter: 'p', python: '3.12.1', packages: { numpy: '2', pandas: '3' } },
    hardware: { cpu_model: 'x', free_memory_bytes: 1, gpus: [{ name: 'g' }] },
  } as unknown as RunRecord

  it('is nothing between equal records, though memory is freed all the time', () => {
    expect(
      differencesBetween(record, { ...record, hardware: { ...record.hardware, free_memory_bytes: 2 } }),
    ).toEqual([])
  })

  it('is named: commits, packages that came or went, the Python, the GPUs', () => {
    const now = {
      code: { ...record.code, git_sha: 'b' },
      environment: { interpreter: 'p', python: '3.13.0', packages: { numpy: '2', scipy: '1' } },
      hardware: { cpu_model: 'x' },
    } as unknown as RunRecord
    expect(differencesBetween(record, now)).toEqual([
      { kind: 'code', name: 'commit', was: 'a', is: 'b' },
      { kind: 'python', name: 'version', was: '3.12.1', is: '3.13.0' },
      { kind: 'package', name: 'pandas', was: '3', is: null },
      { kind: 'package', name: 'scipy', was: null, is: '1' },
      { kind: 'hardware', name: 'gpus', was: '[{"name":"g"}]', is: null },
    ])
  })
})

describe('two files of predictions beside each other', () => {
  const folder = mkdtempSync(join(tmpdir(), 'specweave-ml-beside-'))
  afterAll(() => rmSync(folder, { recursive: true }))
  const file = (name: string, text: string): string => {
    const path = join(folder, name)
    writeFileSync(path, name.endsWith('.gz') ? gzipSync(text) : text)
    return path
  }
  const first = file('a.csv', 'row_id,prediction\n1,yes\n2,no\n3,no\n')

  it.each([
    [
      'another order',
      'b.csv',
      'row_id,prediction\n3,no\n1,yes\n2,no\n',
      { same: true, rows: 3, different: 0 },
    ],
    [
      'a compressed copy',
      'b.csv.gz',
      'row_id,prediction\r\n1,yes\r\n2,no\r\n3,no',
      { same: true, rows: 3, different: 0 },
    ],
    ['one row', 'c.csv', 'row_id,prediction\n1,yes\n2,yes\n3,no\n', { same: false, rows: 3, different: 1 }],
    [
      'a row twice',
      'd.csv',
      'row_id,prediction\n1,yes\n1,yes\n3,no\n',
      { same: false, rows: 3, different: 1 },
    ],
    ['a row less', 'e.csv', 'row_id,prediction\n1,yes\n2,no\n', { same: false, rows: 3, different: 1 }],
    ['other columns', 'f.csv', 'row_id,score\n1,yes\n2,no\n3,no\n', undefined],
  ])('%s', (_what, name, text, found) => {
    expect(predictionsBeside(first, file(name, text))).toEqual(found)
  })
})
