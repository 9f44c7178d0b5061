/**
 * Text that others wrote (names, notes, reasons, values) made safe for a Markdown document: it can neither end a
 * table row, a block or a comment, nor hide or reorder what a reviewer sees.
 */

/** Controls, bidirectional overrides, invisible characters and lone surrogates; the joiners of emoji stay. */
const UNSAFE =
  /(?![\n\t])\p{Control}|[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]|\p{Surrogate}/gu

/** Line breaks of all kinds become one space, unsafe characters the replacement character. */
export function oneLine(text: string, max = 300): string {
  const flat = text.replace(/\s*[\r\n\u0085\u2028\u2029\t]+\s*/g, ' ').replace(UNSAFE, '\ufffd')
  return clip(flat.trim(), max)
}

/** At most `max` characters, never cut within one; what is left out is said. */
export function clip(text: string, max: number): string {
  if (text.length <= max) return text
  return `${text.slice(0, max - 1).replace(/[\ud800-\udbff]$/, '')}…`
}

/** Text in a line of a document, shown as it was written: no markup, links, images or HTML come to life. */
export function inline(text: string, max = 300): string {
  return oneLine(text, max)
    .replace(/[\\`*[\]~]/g, '\\$&')
    .replace(/(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, '\\_')
    .replace(/&(?=#|[a-z])/gi, '&amp;')
    .replace(/<(?=[a-z/!?])/gi, '&lt;')
    .replace(/^(?=[-+>=#|:])/, '\\')
    .replace(/^(\d{1,9})(?=[.)](?:\s|$))/, '$1\\')
}

/** A code span, whatever backticks the text holds. */
export function code(text: string, max = 300): string {
  const flat = oneLine(text, max)
  if (flat === '') return '(empty)'
  const longest = Math.max(0, ...[...flat.matchAll(/`+/g)].map(([run]) => run.length))
  const ticks = '`'.repeat(longest + 1)
  const space = flat.startsWith('`') || flat.endsWith('`') ? ' ' : ''
  return `${ticks}${space}${flat}${space}${ticks}`
}

/** A fenced block; lines stay lines. */
export function fence(text: string, language = ''): string {
  const safe = text.replace(/\r\n?|[\u0085\u2028\u2029]/g, '\n').replace(UNSAFE, '\ufffd')
  const longest = Math.max(2, ...[...safe.matchAll(/`+/g)].map(([run]) => run.length))
  const ticks = '`'.repeat(longest + 1)
  return `${ticks}${language}\n${safe}\n${ticks}`
}

/** A link to a file of the workspace, by a relative path. */
export function link(label: string, path: string): string {
  const target = path.split('/').map(encodeURIComponent).join('/')
  return `[${label}](${target.replace(/[()]/g, (bracket) => (bracket === '(' ? '%28' : '%29'))})`
}

/** An argument as a POSIX shell reads it back. */
export function shellQuote(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", "'\\''")}'`
}

/** Parts of a document with one blank line between; what is empty or `undefined` is left out. */
export function paragraphs(...parts: (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined && part !== '').join('\n\n')
}

export function bullets(items: readonly string[]): string {
  return items.map((item) => `- ${item}`).join('\n')
}

export function capital(words: string): string {
  return words.slice(0, 1).toUpperCase() + words.slice(1)
}
