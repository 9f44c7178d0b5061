import { type Document, isMap, isScalar, LineCounter, type ParsedNode, parseDocument, stringify } from 'yaml'
import type { z } from 'zod'
import { type InvalidField, Refusal } from '../core/errors.ts'
import { type FrontMatter, FrontMatterSchema, OF_CRITERION } from './spec-schema.ts'

export interface SpecDocument {
  front: FrontMatter
  /** Everything after the line that ends the front matter, byte by byte. */
  body: string
}

const FENCE = /^(\uFEFF?---[ \t]*(\r?\n))([\s\S]*?)(?:(?<=\n)|^)(---[ \t]*)(\r?\n|$)/

interface Parts {
  open: string
  yaml: string
  close: string
  body: string
}

function split(text: string, file: string): Parts {
  const found = FENCE.exec(text)
  if (!found) {
    const problem = /^\uFEFF?---[ \t]*\r?\n/.test(text)
      ? 'the front matter that begins with --- has no closing --- line'
      : 'spec.md must begin with front matter between two lines of ---'
    throw invalid(file, 1, 1, problem)
  }
  const [whole, open = '', , yaml = '', fence = '', end = ''] = found
  return { open, yaml, close: fence + end, body: text.slice(whole.length) }
}

interface ParsedYaml {
  document: Document.Parsed<ParsedNode>
  /** Line and column in the file, the fence's line counted. */
  at(offset: number): { line: number; column: number }
}

function parseYaml(yaml: string, file: string): ParsedYaml {
  const lines = new LineCounter()
  const document = orInvalid(file, () => parseDocument(yaml, { lineCounter: lines, prettyErrors: false }))
  const at = (offset: number): { line: number; column: number } => {
    const { line, col } = lines.linePos(offset)
    return { line: Math.max(line, 1) + 1, column: Math.max(col, 1) }
  }
  const [problem] = document.errors
  if (problem) {
    const { line, column } = at(problem.pos[0])
    throw invalid(file, line, column, problem.message.split('\n')[0] ?? 'cannot be read as YAML')
  }
  return { document, at }
}

/** The parser gives up, by throwing, on aliases that would fill the memory and on lists without end within lists. */
function orInvalid<T>(file: string, read: () => T): T {
  try {
    return read()
  } catch (cause) {
    const problem =
      cause instanceof ReferenceError ? cause.message.split('\n')[0] : 'the front matter is nested too deeply'
    throw invalid(file, 2, 1, problem ?? '')
  }
}

/**
 * Reads spec.md.
 * @param file shown in the refusal, relative to the workspace
 * @throws Refusal SPEC_INVALID with `file:line:column` of what is wrong; CRITERION_INVALID where that is a metric alone
 * which the problem does not have.
 */
export function parseSpec(text: string, file: string): SpecDocument {
  const parts = split(text, file)
  const { document, at } = parseYaml(parts.yaml, file)
  const parsed = FrontMatterSchema.safeParse(orInvalid(file, () => document.toJS()) ?? {})
  if (parsed.success) return { front: parsed.data, body: parts.body }
  const problems = parsed.error.issues.flatMap((issue) => placed(issue, document, at, file))
  const [first] = problems
  const ofCriterion = parsed.error.issues.every(
    (issue) => issue.code === 'custom' && issue.params?.code === OF_CRITERION.code,
  )
  throw new Refusal(ofCriterion ? OF_CRITERION.code : 'SPEC_INVALID', `${first?.field}: ${first?.problem}`, {
    invalid: problems,
    next: [{ person: `edit ${file}`, why: 'mend the front matter and call again; nothing was changed' }],
  })
}

function placed(
  issue: z.core.$ZodIssue,
  document: ParsedYaml['document'],
  at: ParsedYaml['at'],
  file: string,
): InvalidField[] {
  const unknown = issue.code === 'unrecognized_keys' ? issue.keys : undefined
  if (unknown)
    return unknown.map((key) => ({
      field: keyPlace(document, at, file, issue.path, key),
      problem: `${[...issue.path, key].join('.')} is not a key of the front matter`,
    }))
  const name = issue.path.join('.') || 'front matter'
  const missing = issue.code === 'invalid_type' && document.getIn(issue.path) === undefined
  const problem = missing ? `${name} is missing` : `${name}: ${issue.message}`
  return [{ field: where(document, at, file, issue.path), problem }]
}

/** `file:line:column` of a key, not of its value. */
function keyPlace(
  document: ParsedYaml['document'],
  at: ParsedYaml['at'],
  file: string,
  path: readonly PropertyKey[],
  key: string,
): string {
  const map = path.length === 0 ? document.contents : document.getIn(path, true)
  const pair = isMap(map) ? map.items.find((item) => isScalar(item.key) && item.key.value === key) : undefined
  const range = isScalar(pair?.key) ? pair.key.range : undefined
  if (!range) return where(document, at, file, [...path, key])
  const { line, column } = at(range[0])
  return `${file}:${line}:${column}`
}

/** `file:line:column` of the node, or of its nearest parent that is there. */
function where(
  document: ParsedYaml['document'],
  at: ParsedYaml['at'],
  file: string,
  path: readonly PropertyKey[],
): string {
  for (let length = path.length; length > 0; length--) {
    const node = document.getIn(path.slice(0, length), true) as
      | { range?: [number, number, number] }
      | undefined
    if (node?.range) {
      const { line, column } = at(node.range[0])
      return `${file}:${line}:${column}`
    }
  }
  return `${file}:2:1`
}

export interface FrontMatterChange {
  path: (string | number)[]
  /** `undefined` takes the key away. */
  value: unknown
}

/**
 * Changes values in the front matter. The body stays byte by byte; so does the front matter around a scalar that is
 * replaced, its comments and layout included.
 * @returns the new text; the same text where every value is there already
 */
export function updateFrontMatter(text: string, file: string, changes: readonly FrontMatterChange[]): string {
  const parts = split(text, file)
  let yaml = parts.yaml
  for (const { path, value } of changes) yaml = replaceValue(yaml, file, path, value)
  const updated = parts.open + yaml + parts.close + parts.body
  if (updated !== text) parseSpec(updated, file)
  return updated
}

function replaceValue(yaml: string, file: string, path: (string | number)[], value: unknown): string {
  const { document } = parseYaml(yaml, file)
  if (JSON.stringify(document.toJS() ? document.getIn(path) : undefined) === JSON.stringify(value))
    return yaml
  const node = document.getIn(path, true)
  const flat = value !== undefined && (value === null || typeof value !== 'object')
  if (flat && isScalar(node) && node.range && node.type !== 'BLOCK_LITERAL' && node.type !== 'BLOCK_FOLDED') {
    const [from, to] = node.range
    // `key:` with nothing after it has an empty range right behind the colon
    const space = from === to && !/\s$/.test(yaml.slice(0, from)) ? ' ' : ''
    return yaml.slice(0, from) + space + stringify(value, { lineWidth: 0 }).trimEnd() + yaml.slice(to)
  }
  if (value === undefined) document.deleteIn(path)
  else document.setIn(path, value)
  const written = document.toString({ lineWidth: 0, flowCollectionPadding: false })
  return yaml.includes('\r\n') ? written.replace(/\r?\n/g, '\r\n') : written
}

function invalid(file: string, line: number, column: number, problem: string): Refusal {
  const place = `${file}:${line}:${column}`
  return new Refusal('SPEC_INVALID', `${place}: ${problem}`, {
    invalid: [{ field: place, problem }],
    next: [{ person: `edit ${file}`, why: 'mend the front matter and call again; nothing was changed' }],
  })
}
