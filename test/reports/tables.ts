/** The cells of a table's line, split as GitHub does: a pipe ends a cell unless a backslash escapes it. */
export function cellsOf(line: string): string[] {
  const cells: string[] = []
  let current = ''
  for (let at = 0; at < line.length; at++) {
    if (line[at] === '\\' && at + 1 < line.length) {
      current += line.slice(at, at + 2)
      at += 1
    } else if (line[at] === '|') {
      cells.push(current)
      current = ''
    } else {
      current += line[at]
    }
  }
  return cells.slice(1).map((cell) => cell.trim())
}

/** The tables of a document, outside code fences: each a list of lines. */
export function tablesOf(text: string): string[][] {
  const tables: string[][] = []
  let fence = ''
  let open: string[] | undefined
  for (const line of text.split('\n')) {
    const ticks = /^(`{3,})/.exec(line)?.[1]
    if (ticks && fence === '') fence = ticks
    else if (ticks && line.trim() === fence) fence = ''
    if (fence === '' && line.startsWith('|')) {
      if (!open) {
        open = []
        tables.push(open)
      }
      open.push(line)
    } else {
      open = undefined
    }
  }
  return tables
}
