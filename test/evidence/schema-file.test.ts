import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { Refusal } from '../../src/core/errors.ts'
import { readSchema } from '../../src/evidence/schema-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'specweave-ml-schema-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function read(text: string) {
  const path = join(folder, 'schema.yaml')
  writeFileSync(path, text)
  return readSchema(path, 'schema.yaml')
}

function problem(text: string): string {
  try {
    read(text)
  } catch (cause) {
    if (cause instanceof Refusal) return `${cause.code}: ${cause.message}`
    throw cause
  }
  return 'read'
}

describe('a schema in the YAML of pandera', () => {
  const expected = [
    { check: 'greater_than_or_equal_to', value: 0 },
    { check: 'isin', value: ['x', 'y'] },
    { check: 'in_range', value: { min_value: 1, max_value: 3 } },
  ]
  it.each([
    [
      'as a map',
      'checks:\n      greater_than_or_equal_to: 0\n      isin: [x, y]\n      in_range: {min_value: 1, max_value: 3}',
    ],
    [
      'as a map with options',
      'checks:\n      greater_than_or_equal_to: {value: 0, options: {raise_warning: false}}\n      isin: {value: [x, y], options: {}}\n      in_range: {min_value: 1, max_value: 3, options: {}}',
    ],
    [
      'as a list',
      'checks:\n    - value: 0\n      options: {check_name: greater_than_or_equal_to}\n    - value: [x, y]\n      options: {check_name: isin}\n    - min_value: 1\n      max_value: 3\n      options: {check_name: in_range}',
    ],
    [
      'in the column',
      'greater_than_or_equal_to: 0\n    isin: [x, y]\n    in_range: {min_value: 1, max_value: 3}',
    ],
  ])('holds its checks %s', (_form, checks) => {
    const schema = read(
      `schema_type: dataframe\ncolumns:\n  a:\n    dtype: float64\n    nullable: true\n    ${checks}\n`,
    )
    expect(schema).toEqual({
      columns: [
        { name: 'a', dtype: 'float64', nullable: true, unique: false, required: true, checks: expected },
      ],
      strict: false,
    })
  })

  it.each([
    ['columns: [a]', 'must map the names'],
    ['columns: {}', 'must map the names'],
    ['7', 'must map the names'],
    ['columns: {a: {dtype: "timedelta64[ns]"}}', 'columns.a.dtype is none of'],
    ['columns: {a: {regex: true}}', 'columns.a.regex is not checked'],
    ['columns: {a: {checks: {my_check: 3}}}', 'columns.a.checks.my_check is no check that is known'],
    ['columns: {a: {between: 3}}', 'columns.a.between is no check'],
    ['columns: {a: {checks: {isin: x}}}', 'cannot be "x"'],
    ['columns: {a: {checks: [{value: 3}]}}', 'needs options.check_name'],
    ['columns: {a: 3}', 'columns.a must be a map'],
    ['columns: {a: null}\nunique: [a]', 'unique is not checked here'],
    ['columns: {a: null}\nindex:\n- dtype: int64', 'index is not checked here'],
    ['columns: {a: {b: }', 'is no YAML'],
    ['columns: &a {a: *a}', 'columns.a.a is no check'],
    [
      `a: &a [1, 1]\n${'bcdefgh'.replace(/./g, (x, i) => `${x}: &${x} [${`*${'abcdefg'[i]}, `.repeat(30)}1]\n`)}columns: {a: null}`,
      'cannot be read',
    ],
  ])('is refused where a rule would not be checked: %s', (text, says) => {
    expect(problem(text)).toMatch(/^INPUT_INVALID/)
    expect(problem(text)).toContain(says)
  })

  it('that is not there is refused', () => {
    expect(() => readSchema(join(folder, 'none.yaml'), 'none.yaml')).toThrow('none.yaml does not exist')
  })
})
