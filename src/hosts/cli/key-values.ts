/** Where a pair ends and the next begins: a comma alone belongs to the value. */
const NEXT_PAIR = /,\s*(?=[A-Za-z_][\w.-]*=)/g
const ENDS_HERE = /$|,\s*[A-Za-z_][\w.-]*=/y

export interface KeyValue {
  key: string
  /** As typed: JSON where it is given as JSON. */
  value: string
}

/**
 * `a=1,b=2` as its pairs. A comma parts two pairs where a key and `=` follow it; elsewhere, and within a value that is
 * JSON ("...", [...], {...}), it belongs to the value.
 * @returns `undefined` where the text does not begin with a key and `=`.
 */
export function keyValues(text: string): KeyValue[] | undefined {
  const pairs: KeyValue[] = []
  for (let at = 0; at < text.length; ) {
    const equals = text.indexOf('=', at)
    const key = text.slice(at, equals).trim()
    if (equals < 0 || key === '' || key.includes(',')) return undefined
    const begin = equals + 1
    const end = jsonEnd(text, begin) ?? plainEnd(text, begin)
    pairs.push({ key, value: text.slice(begin, end) })
    at = end + (/^,\s*/.exec(text.slice(end))?.[0].length ?? 0)
  }
  return pairs.length > 0 ? pairs : undefined
}

function plainEnd(text: string, begin: number): number {
  NEXT_PAIR.lastIndex = begin
  return NEXT_PAIR.exec(text)?.index ?? text.length
}

/** Where a JSON value that begins here ends; `undefined` where none does, or where it goes on after it. */
function jsonEnd(text: string, begin: number): number | undefined {
  if (!/["[{]/.test(text[begin] ?? '')) return undefined
  let depth = 0
  let quoted = false
  for (let at = begin; at < text.length; at++) {
    const sign = text[at] as string
    if (quoted && sign === '\\') at++
    else if (sign === '"') quoted = !quoted
    else if (!quoted && (sign === '[' || sign === '{')) depth++
    else if (!quoted && (sign === ']' || sign === '}')) depth--
    if (quoted || depth > 0) continue
    const end = at + 1
    ENDS_HERE.lastIndex = end
    return ENDS_HERE.test(text) && isJson(text.slice(begin, end)) ? end : undefined
  }
  return undefined
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
