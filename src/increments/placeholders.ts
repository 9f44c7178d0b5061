/** Text that somebody was to replace and did not. */
export interface Placeholder {
  file: string
  line: number
  text: string
}

const PATTERNS: readonly RegExp[] = [
  /\{\{[^{}\n]{0,80}\}\}/,
  /\b(?:TODO|TBD|FIXME|XXX)\b/,
  /<(?:your|insert|fill|replace|describe|name of|todo|tbd)\b[^<>\n]{0,80}>/i,
  /\[(?:Story Title|user type|goal|benefit|Specific, testable criterion|Component \d+|fill in[^\]]*)\]/,
  /\blorem ipsum\b/i,
]

/** Placeholders in a document; code fences and inline code are quotations and are left alone. */
export function findPlaceholders(file: string, text: string): Placeholder[] {
  const found: Placeholder[] = []
  let fence: string | undefined
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const tick = /^\s{0,3}(`{3,}|~{3,})/.exec(line)?.[1]
    if (tick && fence === undefined) fence = tick
    else if (tick && fence && tick.startsWith(fence)) fence = undefined
    if (fence) continue
    const prose = line.replace(/`[^`]*`/g, '')
    const match = PATTERNS.map((pattern) => pattern.exec(prose)?.[0]).find(Boolean)
    if (match) found.push({ file, line: index + 1, text: match })
  }
  return found
}
