import { readFileSync, statSync } from 'node:fs'
import { type Document, parseDocument } from 'yaml'
import { Refusal } from '../core/errors.ts'

/** A column of a schema, as the lab checks it. */
export interface SchemaColumn {
  name: string
  dtype: string | null
  nullable: boolean
  unique: boolean
  required: boolean
  checks: { check: string; value: unknown }[]
}

/** What of a pandera schema is checked at registration. */
export interface DataSchema {
  columns: SchemaColumn[]
  strict: boolean
}

const LARGEST = 5_000_000
const BOUND = ['greater_than', 'greater_than_or_equal_to', 'less_than', 'less_than_or_equal_to']
const LIST = ['isin', 'notin']
const TEXT = ['str_matches', 'str_contains', 'str_startswith', 'str_endswith']
const VALUE = ['equal_to', 'not_equal_to']
const RANGE = ['in_range', 'str_length']
const CHECKS = [...BOUND, ...LIST, ...TEXT, ...VALUE, ...RANGE]
const DTYPE =
  /^(?:u?int(?:8|16|32|64)?|float(?:16|32|64)?|bool(?:ean)?|str|string(?:\[\w+\])?|object|category|datetime64(?:\[.+\])?)$/i

/** Members of a column that ask nothing of its values. */
const WITHOUT_RULE = new Set(['title', 'description', 'coerce', 'metadata', 'default', 'report_duplicates'])

/** A name that only says how checks are reported, with the value that means nothing is asked. */
const WITHOUT_MEANING: Readonly<Record<string, (value: unknown) => boolean>> = {
  index: isNothing,
  checks: isNothing,
  dtype: isNothing,
  unique: isNothing,
  ordered: isNothing,
  add_missing_columns: isNothing,
  unique_column_names: () => true,
}

/**
 * Reads a schema in pandera's YAML form (`schema.to_yaml()`).
 * @param path absolute
 * @throws Refusal FILE_MISSING; INPUT_INVALID, also for a rule that would not be checked: none is passed over.
 */
export function readSchema(path: string, named: string): DataSchema {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (!stat?.isFile())
    throw new Refusal('FILE_MISSING', `The schema ${named} ${stat ? 'is no file' : 'does not exist'}.`, {
      invalid: [{ field: 'schema', problem: 'is no file' }],
    })
  if (stat.size > LARGEST) throw wrong(named, '', 'is larger than 5 MB')
  const document = parseDocument(readFileSync(path, 'utf8'))
  const [error] = document.errors
  if (error) throw wrong(named, '', `is no YAML: ${error.message.split('\n')[0]}`)
  const schema = inPlain(document, named)
  if (!isObject(schema) || !isObject(schema.columns) || Object.keys(schema.columns).length === 0)
    throw wrong(
      named,
      'columns',
      'must map the names of columns to what they are, as schema.to_yaml() writes it',
    )
  for (const [key, asksNothing] of Object.entries(WITHOUT_MEANING))
    if (!asksNothing(schema[key])) throw wrong(named, key, 'is not checked here: leave it out')
  return {
    columns: Object.entries(schema.columns).map(([name, column]) => readColumn(named, name, column)),
    strict: schema.strict === true,
  }
}

function inPlain(document: Document, named: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 1000 })
  } catch (cause) {
    throw wrong(named, '', `cannot be read: ${(cause as Error).message}`)
  }
}

function readColumn(named: string, name: string, column: unknown): SchemaColumn {
  const field = `columns.${name}`
  if (column !== null && !isObject(column)) throw wrong(named, field, 'must be a map')
  const { dtype, checks, regex, nullable, unique, required, ...others } = (column ?? {}) as Record<
    string,
    unknown
  >
  const inline = Object.entries(others).filter(([key]) => !WITHOUT_RULE.has(key))
  if (regex === true) throw wrong(named, `${field}.regex`, 'is not checked here: name each column')
  if (!isNothing(dtype) && !(typeof dtype === 'string' && DTYPE.test(dtype)))
    throw wrong(named, `${field}.dtype`, 'is none of int64, float64, bool, str, category, datetime64[ns]')
  return {
    name,
    dtype: typeof dtype === 'string' ? dtype : null,
    nullable: nullable === true,
    unique: unique === true,
    required: required !== false,
    checks: [
      ...readChecks(named, `${field}.checks`, checks),
      ...readChecks(named, field, inline.length > 0 ? Object.fromEntries(inline) : undefined),
    ],
  }
}

/**
 * pandera has written checks as a map of names to values, as a list with the name among the options, and in the column
 * itself, each by its name.
 */
function readChecks(named: string, field: string, checks: unknown): SchemaColumn['checks'] {
  if (isNothing(checks)) return []
  const listed: [string, unknown][] = Array.isArray(checks)
    ? checks.map((one) => listedCheck(named, field, one))
    : isObject(checks)
      ? Object.entries(checks)
      : []
  if (listed.length === 0) throw wrong(named, field, 'must be a map or a list of checks')
  return listed.map(([check, given]) => {
    const value = withoutOptions(given)
    if (!CHECKS.includes(check))
      throw wrong(named, `${field}.${check}`, `is no check that is known here: ${CHECKS.join(', ')}`)
    if (!fits(check, value)) throw wrong(named, `${field}.${check}`, `cannot be ${JSON.stringify(value)}`)
    return { check, value: plain(value) }
  })
}

function listedCheck(named: string, field: string, one: unknown): [string, unknown] {
  const options = isObject(one) && isObject(one.options) ? one.options : undefined
  if (!isObject(one) || typeof options?.check_name !== 'string')
    throw wrong(named, field, 'a listed check needs options.check_name')
  const { options: _options, ...rest } = one
  return [options.check_name, 'value' in rest ? rest.value : rest]
}

/** `{value: 3, options: {...}}` is 3; `{min_value, max_value, options}` is the range. */
function withoutOptions(given: unknown): unknown {
  if (!isObject(given) || !('options' in given || 'value' in given)) return given
  const { options: _options, ...rest } = given
  return 'value' in rest ? rest.value : rest
}

function fits(check: string, value: unknown): boolean {
  const scalar = (one: unknown) => ['string', 'number', 'boolean'].includes(typeof one) || one instanceof Date
  if (LIST.includes(check)) return Array.isArray(value) && value.length > 0 && value.every(scalar)
  if (TEXT.includes(check)) return typeof value === 'string'
  if (check === 'str_length')
    return (
      isObject(value) &&
      [value.min_value, value.max_value, value.exact_value].every(
        (one) => isNothing(one) || typeof one === 'number',
      )
    )
  if (check === 'in_range') return isObject(value) && scalar(value.min_value) && scalar(value.max_value)
  return scalar(value)
}

/** Dates as texts. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value)) as unknown
}

function isNothing(value: unknown): boolean {
  return (
    value === undefined || value === null || value === false || (Array.isArray(value) && value.length === 0)
  )
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function wrong(named: string, field: string, problem: string): Refusal {
  const place = field ? `: ${field}` : ''
  return new Refusal('INPUT_INVALID', `The schema ${named}${place} ${problem}.`, {
    invalid: [{ field: field ? `schema.${field}` : 'schema', problem }],
  })
}
