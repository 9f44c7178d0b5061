import type { z } from 'zod'
import { nearest } from '../../core/ids.ts'

type Issue = z.core.$ZodIssue

/** `experiments[0].name` */
export function fieldPath(path: readonly PropertyKey[]): string {
  return path
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : (index ? '.' : '') + String(part)))
    .join('')
}

/**
 * What is wrong with one field, in the caller's terms; `missing` where nothing was given.
 * @param keysAt the keys that the object at a path may have
 */
export function describeIssue(
  issue: Issue,
  input: unknown,
  keysAt: (path: readonly PropertyKey[]) => readonly string[] = () => [],
): string {
  const value = valueAt(input, issue.path)
  if (value === undefined && issue.path.length > 0 && issue.code !== 'custom') return 'missing'
  switch (issue.code) {
    case 'invalid_type':
      return expected(issue.expected, value) + ownWords(issue)
    case 'invalid_value':
      return oneOf(issue.values, value)
    case 'unrecognized_keys':
      return unknownKeys(issue.keys, keysAt(issue.path))
    case 'too_small':
      return issue.origin === 'string' || issue.origin === 'array'
        ? Number(issue.minimum) <= 1
          ? 'must not be empty'
          : `must have at least ${issue.minimum} ${issue.origin === 'string' ? 'characters' : 'elements'}`
        : `must be ${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}`
    case 'too_big':
      return issue.origin === 'string' || issue.origin === 'array'
        ? `must have at most ${issue.maximum} ${issue.origin === 'string' ? 'characters' : 'elements'}`
        : `must be ${issue.inclusive === false ? 'less than' : 'at most'} ${issue.maximum}`
    case 'invalid_union':
      return union(issue, value)
    default:
      return issue.message
  }
}

function unknownKeys(keys: readonly string[], known: readonly string[]): string {
  const said = `unknown ${keys.length > 1 ? 'keys' : 'key'} ${keys.map((key) => key.slice(0, 60)).join(', ')}`
  // Of several that hold what was typed, none is nearer: `column` is a part of both columns.
  const closest = (key: string) => nearest(key, known, 2).filter((name, at) => at === 0 || name.includes(key))
  const close = [...new Set(keys.flatMap(closest))]
  const meant = close.length > 0 ? `; did you mean ${close.join(' or ')}?` : ''
  return known.length > 0 ? `${said}${meant || '.'} The keys are ${known.join(', ')}` : said
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, part) =>
      value !== null && typeof value === 'object' ? (value as Record<PropertyKey, unknown>)[part] : undefined,
    input,
  )
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : typeof value
}

function expected(kind: string, value: unknown): string {
  const words: Record<string, string> = {
    int: 'a whole number',
    record: 'an object',
    array: 'an array',
    object: 'an object',
  }
  const wanted = words[kind] ?? `a ${kind}`
  const quoted = typeof value === 'string' && kind !== 'string' && holds(value, wanted)
  return `must be ${wanted}, not ${quoted ? 'a string that holds JSON: send the value itself' : kindOf(value)}`
}

/** `"[1, 2]"` where an array is wanted, and not `"0.7"`. */
function holds(text: string, wanted: string): boolean {
  try {
    return wanted.endsWith(kindOf(JSON.parse(text))) || wanted === 'a whole number'
  } catch {
    return false
  }
}

/** What the schema itself has to say of a value of the wrong kind; Zod's own words are said better above. */
function ownWords({ message }: Issue): string {
  return /^Invalid input/.test(message) ? '' : `: ${message}`
}

function oneOf(values: readonly unknown[], value: unknown): string {
  const names = values.map(String)
  const [close] = typeof value === 'string' ? nearest(value, names, 1) : []
  const given = typeof value === 'string' ? `, not "${value.slice(0, 60)}"` : `, not ${kindOf(value)}`
  return `must be ${names.length > 1 ? 'one of ' : ''}${names.join(', ')}${given}${close ? `; did you mean "${close}"?` : ''}`
}

/** Of a choice of shapes, what is wrong with the one that came closest: the one whose problem lies deepest. */
function union(issue: Extract<Issue, { code: 'invalid_union' }>, value: unknown): string {
  const depth = (issues: readonly Issue[]) => Math.max(0, ...issues.map((inner) => inner.path.length))
  const [closest] = [...issue.errors].sort((a, b) => depth(b) - depth(a))
  if (closest && depth(closest) > 0)
    return closest.map((inner) => `${fieldPath(inner.path)} ${describeIssue(inner, value)}`).join(', ')
  const kinds = issue.errors.flatMap((issues) =>
    issues.map((inner) => (inner.code === 'invalid_type' ? inner.expected : undefined)),
  )
  if (kinds.length > 0 && kinds.every((kind) => kind !== undefined))
    return `must be ${[...new Set(kinds)].join(' or ')}, not ${kindOf(value)}`
  return closest?.[0] ? describeIssue(closest[0], value) : issue.message
}
