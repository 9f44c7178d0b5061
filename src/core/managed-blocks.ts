import { createHash } from 'node:crypto'

/**
 * Blocks of generated text inside documents that people write around:
 *
 *     <!-- specweave:begin NAME sha=0123456789ab -->
 *     body
 *     <!-- specweave:end NAME -->
 *
 * `sha` is the first 12 hex digits of the SHA-256 of the body as we wrote it. A body that no longer has that hash
 * was edited by a person and is never overwritten, unless forced. Line endings, trailing spaces and blank lines
 * around the body do not count as edits: Git and editors change them unasked.
 */
export type BlockOutcome = 'added' | 'updated' | 'unchanged' | 'conflict'

export interface BlockOptions {
  /** Heading below which a new block is put (`## Models`, or its text alone); added at the end where it is missing. */
  after?: string
  /** Overwrite what a person edited inside the block. */
  force?: boolean
}

const MARKER = /^ {0,3}<!--\s*specweave:(begin|end)\s+(\S+?)(?:\s+sha=(\S*?))?\s*-->\s*$/
const NAME = /^[A-Za-z0-9][\w.@/+-]*$/

/** A block as found. Lines `begin` and `end` are its markers; `end` is missing where a person removed that line. */
interface Found {
  begin: number
  end: number
  body: string
  sha: string
  state: 'intact' | 'edited' | 'damaged'
}

/**
 * Puts a body into a text under a name: in place where the block is there, else below `after`, else at the end.
 * A block that a person deleted whole is added again; one whose markers are damaged is a conflict.
 * The text keeps its line endings. Lines of the body that look like our markers are escaped.
 */
export function putBlock(
  text: string,
  name: string,
  body: string,
  options: BlockOptions = {},
): { text: string; outcome: BlockOutcome } {
  if (!NAME.test(name)) throw new TypeError(`not a block name: ${name}`)
  const lines = toLines(text)
  const eol = endingOf(lines)
  const wanted = escapeMarkers(normalise(body))
  const block = [
    `<!-- specweave:begin ${name} sha=${hashOf(wanted)} -->`,
    ...wanted.split('\n'),
    `<!-- specweave:end ${name} -->`,
  ].map((line) => line + eol)
  const found = findBlocks(lines, name)
  const [first] = found
  if (!first) return { text: insert(lines, block, eol, options.after).join('\n'), outcome: 'added' }

  const current = found.length === 1 && first.state !== 'damaged' && first.body === wanted
  if (current && first.sha === hashOf(wanted)) return { text, outcome: 'unchanged' }
  const ours = current || found.every(({ state }) => state === 'intact')
  if (!ours && !options.force) return { text, outcome: 'conflict' }
  for (const copy of found.slice(1).reverse()) lines.splice(copy.begin, copy.end - copy.begin + 1)
  lines.splice(first.begin, first.end - first.begin + 1, ...block)
  const atEnd = lines.at(-1) === block.at(-1)
  return { text: lines.join('\n') + (atEnd ? '\n' : ''), outcome: 'updated' }
}

/** The block's body as it stands, line feeds only; `undefined` where neither of its markers is there. */
export function readBlock(text: string, name: string): { body: string; edited: boolean } | undefined {
  const [first] = findBlocks(toLines(text), name)
  return first && { body: first.body, edited: first.state !== 'intact' }
}

/** The names of the text's blocks that a person edited or damaged, and of all of them. */
export function blocksOf(text: string): { names: string[]; edited: string[] } {
  const lines = toLines(text)
  const names = [...new Set(lines.flatMap((line) => MARKER.exec(line)?.[2] ?? []))]
  const isEdited = (name: string) => findBlocks(lines, name).some(({ state }) => state !== 'intact')
  return { names, edited: names.filter(isEdited) }
}

function findBlocks(lines: readonly string[], name: string): Found[] {
  const markers = lines.flatMap((line, at) => {
    const [, kind, of, sha = ''] = MARKER.exec(line) ?? []
    return kind && of === name ? [{ kind, at, sha }] : []
  })
  const found: Found[] = []
  for (let i = 0; i < markers.length; i++) {
    const marker = markers[i]!
    const next = markers[i + 1]
    if (marker.kind === 'end') {
      found.push({ begin: marker.at, end: marker.at, body: '', sha: '', state: 'damaged' })
    } else if (next?.kind === 'end') {
      const body = normalise(lines.slice(marker.at + 1, next.at).join('\n'))
      const state = hashOf(body) === marker.sha ? 'intact' : 'edited'
      found.push({ begin: marker.at, end: next.at, body, sha: marker.sha, state })
      i++
    } else {
      found.push(withoutEnd(lines, marker.at, next?.at ?? lines.length, marker.sha))
    }
  }
  return found
}

/** The end marker is gone: the hash still tells where an unedited body ends. Otherwise only the begin line is ours. */
function withoutEnd(lines: readonly string[], begin: number, limit: number, sha: string): Found {
  const hash = createHash('sha256')
  const body: string[] = []
  let pendingBlank = 0
  for (let at = begin + 1; at < limit; at++) {
    const line = lines[at]!.trimEnd()
    if (line === '') {
      pendingBlank += 1
      continue
    }
    const blank = body.length > 0 ? Array<string>(pendingBlank).fill('') : []
    pendingBlank = 0
    for (const piece of [...blank, line]) {
      hash.update(body.length > 0 ? `\n${piece}` : piece)
      body.push(piece)
    }
    if (hash.copy().digest('hex').startsWith(sha) && sha.length === 12)
      return { begin, end: at, body: body.join('\n'), sha, state: 'intact' }
  }
  return { begin, end: begin, body: '', sha, state: 'damaged' }
}

function insert(
  lines: readonly string[],
  block: readonly string[],
  eol: string,
  after: string | undefined,
): string[] {
  const at = after === undefined ? -1 : headingLine(lines, after)
  const before = at >= 0 ? lines.slice(0, at + 1) : [...lines]
  const rest = at >= 0 ? lines.slice(at + 1) : []
  while (before.length > 0 && before.at(-1)!.trim() === '') before.pop()
  while (rest.length > 0 && rest[0]!.trim() === '') rest.shift()
  if (before.length > 0 && !before.at(-1)!.endsWith(eol)) before.push(before.pop()! + eol)
  if (after !== undefined && at < 0) before.push(...(before.length > 0 ? [eol] : []), asHeading(after) + eol)
  return [
    ...before,
    ...(before.length > 0 ? [eol] : []),
    ...block,
    ...(rest.length > 0 ? [eol] : ['']),
    ...rest,
  ]
}

/** Outside code fences and outside generated blocks, whose headings are ours to move. */
function headingLine(lines: readonly string[], heading: string): number {
  const wanted = heading.replace(/^#+\s*/, '').trim()
  const level = /^#+/.exec(heading)?.[0]
  let fence: string | undefined
  let inside: string | undefined
  for (const [at, line] of lines.entries()) {
    const marker = MARKER.exec(line)
    if (marker && !inside && marker[1] === 'begin') inside = marker[2]
    else if (marker && marker[1] === 'end' && marker[2] === inside) inside = undefined
    const tick = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1]
    if (tick && fence === undefined) fence = tick
    else if (tick && fence && tick.startsWith(fence)) fence = undefined
    if (inside || fence) continue
    const [, marks, title] = /^(#{1,6})\s+(.*?)(?:\s+#+)?\s*$/.exec(line) ?? []
    if (title === wanted && (level === undefined || level === marks)) return at
  }
  return -1
}

function asHeading(text: string): string {
  return text.startsWith('#') ? text : `## ${text}`
}

function escapeMarkers(body: string): string {
  return body
    .split('\n')
    .map((line) => (MARKER.test(line) ? line.replace('<!--', '&lt;!--') : line))
    .join('\n')
}

function normalise(body: string): string {
  return body
    .replace(/\r\n?/g, '\n')
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
    .replace(/^\n+|\n+$/g, '')
}

function hashOf(body: string): string {
  return createHash('sha256').update(body).digest('hex').slice(0, 12)
}

/** Lines keep their carriage return, so that a text of mixed endings keeps each of them. */
function toLines(text: string): string[] {
  return text === '' ? [] : text.split('\n')
}

/** What each of our lines ends with before its line feed: a carriage return where most lines have one. */
function endingOf(lines: readonly string[]): '' | '\r' {
  return lines.filter((line) => line.endsWith('\r')).length * 2 > Math.max(0, lines.length - 1) ? '\r' : ''
}
