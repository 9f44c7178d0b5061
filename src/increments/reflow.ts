const WIDTH = 116

/** Lines that mean something as they stand: headings, tables, rules, checkboxes, markers, fields of a task. */
const KEPT = /^(?:#{1,6} |\||---|<!--|- \[[ xX]\]|\*\*(?:Satisfies ACs|Status|Project)\*\*:| {4})/
const ITEM = /^(\s*(?:[-*]|\d+\.) +)(.*)$/

/**
 * Breaks paragraphs and list items anew, since filled-in names make lines of any length. Code, tables and single-line
 * fields stay as they are.
 */
export function reflow(markdown: string): string {
  const out: string[] = []
  let open: { indent: string; first: string; words: string[] } | undefined
  let fence = false
  const close = (): void => {
    if (open) out.push(...wrapped(open.first, open.indent, open.words))
    open = undefined
  }
  for (const line of markdown.split('\n')) {
    if (/^\s{0,3}(?:```|~~~)/.test(line)) {
      close()
      fence = !fence
      out.push(line)
    } else if (fence || line.trim() === '' || KEPT.test(line)) {
      if (!fence && open && /^ {4}/.test(line) && open.indent !== '')
        open.words.push(...line.trim().split(/\s+/))
      else {
        close()
        out.push(line)
      }
    } else {
      const item = ITEM.exec(line)
      if (item) {
        close()
        open = { first: item[1]!, indent: ' '.repeat(item[1]!.length), words: item[2]!.split(/ +/) }
      } else if (open && !line.startsWith('**')) {
        open.words.push(...line.trim().split(/ +/))
      } else {
        close()
        open = { first: '', indent: '', words: line.split(/ +/) }
      }
    }
  }
  close()
  return out.join('\n')
}

function wrapped(first: string, indent: string, words: readonly string[]): string[] {
  const lines: string[] = []
  let line = first
  let empty = true
  for (const word of joinCode(words)) {
    // a line that began with one of these would become a list, a heading or a quotation
    const unsafe = /^(?:[-+*>#]|\d+[.)])/.test(word)
    if (!empty && !unsafe && line.length + 1 + word.length > WIDTH) {
      lines.push(line)
      line = indent + word
    } else {
      line += empty ? word : ` ${word}`
    }
    empty = false
  }
  return [...lines, line]
}

/** Inline code is never broken: a command in it is to be copied. */
function joinCode(words: readonly string[]): string[] {
  const joined: string[] = []
  let inside = false
  for (const word of words) {
    if (inside) joined[joined.length - 1] += ` ${word}`
    else joined.push(word)
    if ((word.split('`').length - 1) % 2 === 1) inside = !inside
  }
  return joined
}
