import { type InvalidField, type NextStep, Refusal } from '../../core/errors.ts'
import { nearest } from '../../core/ids.ts'
import { isObject } from '../../core/shape.ts'
import type { AnyTool } from '../../tools/tool.ts'
import { describeIssue, fieldPath } from './input-problems.ts'
import { inputSchema, keysAt } from './json-schema.ts'

/** Characters of JSON that one argument may hold. Larger things are files, and are given by their path. */
export const MAX_ARGUMENT = 1_000_000

/** Levels of lists and objects in an argument; what walks through them calls itself for each. */
const DEEPEST = 200

type Arguments = Record<string, unknown>

/**
 * Reads the arguments of a call by the tool's input schema, with defaults filled in.
 * @throws Refusal INPUT_TOO_LARGE; INPUT_INVALID with every missing and every wrong field at once.
 */
export function checkInput(tool: AnyTool, raw: unknown): Arguments {
  const given = asArguments(tool, raw)
  refuseLarge(tool, given)
  const known = Object.keys(tool.input.shape)
  const unknown = Object.keys(given).filter((key) => !known.includes(key))
  const values = withoutIdleNulls(
    tool,
    Object.fromEntries(Object.entries(given).filter(([key]) => known.includes(key))),
  )
  const parsed = tool.input.safeParse(values)
  if (parsed.success && unknown.length === 0) return parsed.data

  const missing: string[] = []
  const invalid: InvalidField[] = unknown.map((key) => ({
    field: key,
    problem: unknownKey(tool, key, known),
  }))
  for (const issue of parsed.success ? [] : parsed.error.issues) {
    const problem = describeIssue(issue, values, (path) => keysAt(inputSchema(tool), path))
    if (problem === 'missing') missing.push(fieldPath(issue.path))
    else invalid.push({ field: fieldPath(issue.path), problem })
  }
  throw new Refusal('INPUT_INVALID', inputSummary(tool.name, missing, invalid), {
    missing,
    invalid,
    next: renamed(tool, given, unknown, known),
  })
}

function asArguments(tool: AnyTool, raw: unknown): Arguments {
  if (raw === undefined || raw === null) return {}
  if (typeof raw === 'object' && !Array.isArray(raw)) return raw as Arguments
  throw new Refusal(
    'INPUT_INVALID',
    `${tool.name}: the arguments must be a JSON object, such as {"name": "..."}.`,
    {
      invalid: [{ field: 'arguments', problem: 'must be a JSON object' }],
    },
  )
}

function refuseLarge(tool: AnyTool, given: Arguments): void {
  for (const [field, value] of Object.entries(given)) {
    refuseDeep(tool, field, value)
    const size = typeof value === 'string' ? value.length : (JSON.stringify(value)?.length ?? 0)
    if (size > MAX_ARGUMENT)
      throw new Refusal(
        'INPUT_TOO_LARGE',
        `${tool.name}: "${field.slice(0, 60)}" holds ${megabytes(size)} MB; an argument may hold ${megabytes(MAX_ARGUMENT)} MB. Write it to a file in the workspace and give its path.`,
        {
          invalid: [{ field: field.slice(0, 60), problem: `larger than ${megabytes(MAX_ARGUMENT)} MB` }],
        },
      )
  }
}

function refuseDeep(tool: AnyTool, field: string, value: unknown): void {
  let level = [value]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > DEEPEST)
      throw new Refusal(
        'INPUT_TOO_LARGE',
        `${tool.name}: "${field.slice(0, 60)}" is nested more than ${DEEPEST} levels deep.`,
        { invalid: [{ field: field.slice(0, 60), problem: `nested more than ${DEEPEST} levels deep` }] },
      )
    level = level.flatMap((one) => (one !== null && typeof one === 'object' ? Object.values(one) : []))
  }
}

function megabytes(size: number): string {
  return (size / 1e6).toFixed(1).replace(/\.0$/, '')
}

/** Some clients send null for what they leave out. */
function withoutIdleNulls(tool: AnyTool, values: Arguments): Arguments {
  for (const [key, value] of Object.entries(values)) {
    if (value !== null) continue
    const field = tool.input.shape[key] as { safeParse(value: unknown): { success: boolean } }
    if (!field.safeParse(null).success && field.safeParse(undefined).success) delete values[key]
  }
  return values
}

function unknownKey(tool: AnyTool, key: string, known: readonly string[]): string {
  const owners = ownersOf(tool, key, known)
  if (owners.length > 0)
    return `not an argument; it is a key of ${owners.join(' and ')}: ${owners.map((owner) => `${owner}.${key}`).join(' or ')}`
  const [close] = nearest(key, known, 1)
  return close
    ? `not an argument; did you mean "${close}"?`
    : `not an argument; the arguments are ${known.join(', ')}`
}

/** The arguments that are objects with a member of this name, such as `split` for `group_column`. */
function ownersOf(tool: AnyTool, key: string, known: readonly string[]): string[] {
  return known.filter(
    (name) =>
      inputSchema(tool).properties?.[name]?.type === 'object' &&
      keysAt(inputSchema(tool), [name]).includes(key),
  )
}

/** What was wrong with a call, in one sentence. */
export function inputSummary(
  tool: string,
  missing: readonly string[],
  invalid: readonly InvalidField[],
): string {
  const parts = [
    ...(missing.length > 0 ? [`${missing.join(', ')} ${missing.length > 1 ? 'are' : 'is'} missing`] : []),
    ...invalid.map(({ field, problem }) => `${field || 'arguments'}: ${problem}`),
  ]
  const said = parts.join('; ')
  return `${tool} was not carried out: ${said}${/[.?!]$/.test(said) ? '' : '.'}`
}

/** Where only the names or places of arguments were wrong, the same call with the right ones. */
function renamed(
  tool: AnyTool,
  given: Arguments,
  unknown: readonly string[],
  known: readonly string[],
): NextStep[] {
  const objects: Arguments = {}
  const own: Arguments = {}
  for (const [key, value] of Object.entries(given)) {
    const [owner, other] = unknown.includes(key) ? ownersOf(tool, key, known) : []
    // Only into an object that the caller began: what else it would have to say is not known.
    if (owner && !other && isObject(given[owner]))
      objects[owner] = { ...((objects[owner] ?? given[owner]) as Arguments), [key]: value }
    else own[key] = value
  }
  const corrected = Object.entries({ ...own, ...objects }).map(([key, value]): [string, unknown] => [
    unknown.includes(key) ? (nearest(key, known, 1)[0] ?? key) : key,
    value,
  ])
  const names = corrected.map(([key]) => key)
  if (
    unknown.length === 0 ||
    new Set(names).size < names.length ||
    !names.every((key) => known.includes(key))
  )
    return []
  const call = Object.fromEntries(corrected)
  return tool.input.safeParse(call).success
    ? [
        {
          tool: tool.name,
          arguments: call,
          why: 'the same call with the names that the tool knows, in their places',
        },
      ]
    : []
}
