/** A number as people write it in a criterion: `85%`, `100ms`, `$5k`, `1,000 req/sec`, `2.5 s`, `1e-3`. */
export interface TypedValue {
  value: number
  unit: Unit
  /** As written. */
  text: string
}

export type Unit = 'none' | 'percent' | 'ms' | 'rps' | 'mb' | 'money' | 'times'

const NUMBER = '[-+]?(?:[1-9]\\d{0,2}(?:,\\d{3})+(?:\\.\\d+)?|\\d+(?:\\.\\d+)?|\\.\\d+)(?:e[-+]?\\d+)?'
const CURRENCY = '[$€£¥]'

/** Unit words, the unit they belong to, and the factor to it. Longest first within one unit. */
const UNITS: readonly (readonly [RegExp, Unit, number])[] = [
  [/^(?:%|percent\b|per cent\b|pct\b)/, 'percent', 0.01],
  [/^(?:milliseconds?|millis|msecs?|ms)\b/, 'ms', 1],
  [/^(?:microseconds?|µs|μs|us)(?![a-z])/, 'ms', 0.001],
  [
    /^(?:(?:req(?:uest)?s?|predictions?|queries|calls|rows|items)\s*(?:\/|per)\s*(?:s|sec|second)\b|rps\b|qps\b|\/\s*s(?:ec|econd)?\b)/,
    'rps',
    1,
  ],
  [
    /^(?:(?:req(?:uest)?s?|predictions?|queries|calls|rows|items)\s*(?:\/|per)\s*(?:min|minute)\b)/,
    'rps',
    1 / 60,
  ],
  [/^(?:minutes?|mins?)\b/, 'ms', 60_000],
  [/^(?:hours?|hrs?|h)\b/, 'ms', 3_600_000],
  [/^(?:seconds?|secs?|s)\b/, 'ms', 1000],
  [/^(?:gib|gb|gigabytes?)\b/, 'mb', 1024],
  [/^(?:mib|mb|megabytes?)\b/, 'mb', 1],
  [/^(?:kib|kb|kilobytes?)\b/, 'mb', 1 / 1024],
  [/^(?:dollars?|usd|euros?|eur|pounds?|gbp)\b/, 'money', 1],
  [/^(?:x|times)\b/, 'times', 1],
]

const SHORT = new RegExp(`^(${CURRENCY}?)\\s*(${NUMBER})\\s*(k|m)?(?![a-z0-9])`, 'i')
const PLAIN = new RegExp(`^(${CURRENCY}?)\\s*(${NUMBER})`, 'i')

/**
 * Reads a value at the beginning of a text (lower case, NFKC).
 * @returns the value, and the rest of the text after its unit; `undefined` where no number begins there.
 */
export function readValue(text: string): { typed: TypedValue; rest: string } | undefined {
  const short = SHORT.exec(text)
  const [matched = '', currency = '', digits = '', magnitude = ''] = short ?? PLAIN.exec(text) ?? []
  if (!digits) return undefined
  const factor = { k: 1e3, m: 1e6 }[magnitude.toLowerCase()] ?? 1
  const value = Number(digits.replaceAll(',', '')) * factor
  if (!Number.isFinite(value)) return undefined
  const after = text.slice(matched.length)
  // `0,25` would otherwise be read as 0 and the rest dropped
  if (/^,\d/.test(after)) return undefined
  const trimmed = after.trimStart()
  for (const [pattern, unit, scale] of UNITS) {
    const [word] = pattern.exec(trimmed) ?? []
    if (!word) continue
    const typed = {
      value: tidy(value * scale),
      unit,
      text: (matched + after.slice(0, after.length - trimmed.length) + word).trim(),
    }
    return { typed, rest: trimmed.slice(word.length).trim() }
  }
  if (/^[a-z]/.test(after) && !short) return undefined
  return { typed: { value, unit: currency ? 'money' : 'none', text: matched.trim() }, rest: trimmed }
}

/** 0.07 rather than 0.07000000000000001: what a factor of 0.01 does to a decimal number. */
export function tidy(value: number): number {
  return Number(value.toPrecision(12))
}
