import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  CHILD_FOLDER,
  DATASET_ID,
  EXPERIMENT_FOLDER,
  INCREMENT_FOLDER,
  JOB_ID,
  nearest,
  padNumber,
  parseRunId,
  slugify,
} from '../../src/core/ids.ts'

describe('slugify', () => {
  it.each([
    ['Churn model', 'churn-model'],
    ['  --Précision@10!! ', 'precision-10'],
    ['ﬁnance Ⅳ', 'finance-iv'],
    ['con', 'con-1'],
    ['日本語', ''],
    ['../../etc/passwd', 'etc-passwd'],
    ['x'.repeat(300), 'x'.repeat(60)],
    [`${'x'.repeat(59)} y`, 'x'.repeat(59)],
  ])('%j is %j', (text, slug) => {
    expect(slugify(text)).toBe(slug)
  })

  it('gives nothing, or a name that an increment can have, and keeps it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 100 }), (text) => {
        const slug = slugify(text)
        if (slug !== '') expect(`0001-${slug}`).toMatch(INCREMENT_FOLDER)
        expect(slugify(slug)).toBe(slug)
      }),
    )
  })
})

describe('ids', () => {
  it('reads run ids and nothing else', () => {
    expect(parseRunId('0042/exp-003-xgboost')).toEqual({ increment: '0042', experiment: 'exp-003-xgboost' })
    expect(parseRunId('0042/exp-005-tune/t0017')).toEqual({
      increment: '0042',
      experiment: 'exp-005-tune',
      child: 't0017',
    })
    for (const text of [
      '',
      '0042',
      '42/exp-003-x',
      '0042/xgboost',
      '0042/exp-03-x',
      '0042/exp-003-x/',
      '0042/exp-003-x/../..',
      '0042/exp-003-x/t17',
      '0042/exp-003-x/s7/s8',
      '0042/../exp-003-x',
    ])
      expect(parseRunId(text), text).toBeUndefined()
  })

  it('knows folders by their names', () => {
    expect(EXPERIMENT_FOLDER.exec('exp-1234-a-r2')?.slice(1)).toEqual(['1234', 'a-r2'])
    expect(INCREMENT_FOLDER.test('0042-churn_model')).toBe(false)
    expect(['s7', 'f3', 't0017'].every((name) => CHILD_FOLDER.test(name))).toBe(true)
    expect(['s', 't17', 'x7', 's7 '].some((name) => CHILD_FOLDER.test(name))).toBe(false)
    expect(DATASET_ID.exec('churn.v2@13')?.slice(1)).toEqual(['churn.v2', '13'])
    expect(DATASET_ID.test('../churn@1')).toBe(false)
    expect(JOB_ID.test('job-007')).toBe(true)
    expect(padNumber(7, 3)).toBe('007')
    expect(padNumber(12345, 4)).toBe('12345')
  })

  it('finds the nearest names, best first', () => {
    const known = ['exp-001-baseline', 'exp-002-xgboost', 'exp-003-forest']
    expect(nearest('exp-002-xgbost', known)[0]).toBe('exp-002-xgboost')
    expect(nearest('xgboost', known)).toEqual(['exp-002-xgboost'])
    expect(nearest('zzzzzzzzzz', known)).toEqual([])
    expect(nearest('exp', known, 2)).toHaveLength(2)
    expect(nearest('cmd', ['cwd', 'command'])).toEqual(['command', 'cwd'])
  })
})
