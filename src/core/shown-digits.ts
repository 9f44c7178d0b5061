const DIGITS = 6

/** A value as answers show it: six significant digits, and every digit before the decimal point. */
export function shownDigits(value: number): number {
  if (!Number.isFinite(value) || Number.isInteger(value)) return value
  const whole = Math.trunc(Math.abs(value)).toString().length
  return Number(value.toPrecision(Math.min(100, Math.max(DIGITS, whole))))
}

/**
 * An answer with the values and intervals of its measurements at six digits: an assistant pays for each, and none of the others
 * is known so well. The record keeps all of them, and it alone is judged.
 */
export function withShownDigits<T>(value: T): T {
  return shortened(value) as T
}

function shortened(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shortened)
  if (value === null || typeof value !== 'object') return value
  const { name, source } = value as { name?: unknown; source?: unknown }
  const isMeasurement = typeof name === 'string' && (source === 'measured' || source === 'reported')
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      isMeasurement && (key === 'value' || key === 'ci') ? numbers(item) : shortened(item),
    ]),
  )
}

function numbers(item: unknown): unknown {
  if (Array.isArray(item)) return item.map(numbers)
  return typeof item === 'number' ? shownDigits(item) : item
}

/** A paired difference as answers show it. */
export function shownDifference<
  T extends { difference: number; ci: number[]; p: number; p_adjusted: number },
>(one: T): T {
  const { difference, ci, p, p_adjusted } = one
  return {
    ...one,
    difference: shownDigits(difference),
    ci: ci.map(shownDigits),
    p: shownDigits(p),
    p_adjusted: shownDigits(p_adjusted),
  }
}
