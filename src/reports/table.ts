export interface Column {
  /** Markdown, as the cells. */
  title: string
  align?: 'left' | 'right'
}

/** A cell wider than this does not make its whole column wider. */
const WIDEST = 48

/**
 * A Markdown table whose columns line up in a plain-text diff. Cells are Markdown: text of others goes through
 * `inline` or `code` first. Pipes and line breaks are escaped here; a missing cell is empty.
 */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly (string | undefined)[])[],
): string {
  const titles = columns.map(({ title }) => cell(title))
  const cells = rows.map((row) => columns.map((_, index) => cell(row[index] ?? '')))
  const widths = columns.map((_, index) =>
    Math.max(
      3,
      ...[titles, ...cells].map((row) => widthOf(row[index] ?? '')).map((width) => Math.min(width, WIDEST)),
    ),
  )
  const line = (row: readonly string[]) =>
    `| ${row.map((text, index) => pad(text, widths[index] ?? 3, columns[index]?.align)).join(' | ')} |`
  const rule = columns.map(({ align }, index) => {
    const dashes = '-'.repeat(widths[index] ?? 3)
    return align === 'right' ? `${dashes.slice(1)}:` : dashes
  })
  return [line(titles), `| ${rule.join(' | ')} |`, ...cells.map(line)].join('\n')
}

/** A pipe that has an odd number of backslashes before it ends no cell, in code spans too. */
function cell(text: string): string {
  return text
    .replace(/\s*[\r\n\u0085\u2028\u2029]+\s*/g, ' ')
    .replace(/(\\*)\|/g, (_, slashes: string) => `${slashes}${slashes.length % 2 === 0 ? '\\' : ''}|`)
    .replace(/(\\*)$/, (slashes) => (slashes.length % 2 === 0 ? slashes : `${slashes}\\`))
    .trim()
}

function pad(text: string, width: number, align: Column['align']): string {
  const space = ' '.repeat(Math.max(0, width - widthOf(text)))
  return align === 'right' ? space + text : text + space
}

/** Columns on a screen: wide East Asian characters and emoji count two, combining marks none. */
function widthOf(text: string): number {
  let width = 0
  for (const character of text)
    width += /\p{Mark}|\u200d|\ufe0f/u.test(character) ? 0 : WIDE.test(character) ? 2 : 1
  return width
}

const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u
