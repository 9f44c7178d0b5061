import type { Measurement, NonFinite } from '../core/measurement.ts'

/**
 * A number with `digits` significant digits, never rounded left of the decimal point, and never up to 1 from below:
 * `0.953`, `0.9996`, `12.3`, `48213`. Values up to 1 keep `digits` decimals, so that a column of them lines up.
 * Very small and very large ones are written `1.23e-7`.
 */
export function formatNumber(value: number | NonFinite, digits = 3): string {
  if (typeof value === 'string') return value
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity'
  const size = Math.abs(value)
  if (size >= 1e15 || (size > 0 && size < 1e-6)) return value.toExponential(digits - 1)
  return withDecimals(value, decimalsFor(value, digits))
}

/** Significant digits that keep a number apart from a limit: 0.8996 against 0.9 needs 4, or it would read `0.900`. */
export function digitsAgainst(value: number, limit: number, digits = 3): number {
  if (!Number.isFinite(value) || !Number.isFinite(limit) || value === limit) return digits
  let enough = digits
  while (enough < 12 && Number(formatNumber(value, enough)) === limit) enough += 1
  return enough
}

/** Significant digits by which two numbers that stand side by side do not read alike, unless they are the same. */
export function digitsApart(a: number, b: number, digits = 3): number {
  if (!Number.isFinite(a) || !Number.isFinite(b) || a === b) return digits
  let enough = digits
  while (enough < 12 && formatNumber(a, enough) === formatNumber(b, enough)) enough += 1
  return enough
}

/** `0.953 [0.941, 0.963]`, both ends with the decimals of the value. */
export function formatInterval(value: number, ci: readonly [number, number] | undefined, digits = 3): string {
  const text = formatNumber(value, digits)
  if (!ci) return text
  const decimals = text.includes('e') ? undefined : (text.split('.')[1]?.length ?? 0)
  const end = (bound: number) =>
    decimals === undefined || !Number.isFinite(bound)
      ? formatNumber(bound, digits)
      : withDecimals(bound, decimals)
  return `${text} [${end(ci[0])}, ${end(ci[1])}]`
}

export function formatMeasurement(
  { value, ci, repeated }: Pick<Measurement, 'value' | 'ci' | 'repeated'>,
  digits = 3,
): string {
  const shown = typeof value === 'number' ? formatInterval(value, ci, digits) : value
  return repeated ? `${shown} (${repeated})` : shown
}

/** A difference and its interval, with decimals by the largest of the three: `0.004 [-0.010, 0.018]`. */
export function formatDifference(value: number, ci: readonly [number, number] | undefined): string {
  const all = [value, ...(ci ?? [])].filter(Number.isFinite)
  const largest = Math.max(...all.map(Math.abs), 0)
  if (largest >= 1e15 || (largest > 0 && largest < 1e-6)) return formatInterval(value, ci)
  const decimals = decimalsFor(largest, 3)
  const text = (part: number) => (Number.isFinite(part) ? withDecimals(part, decimals) : formatNumber(part))
  return ci ? `${text(value)} [${text(ci[0])}, ${text(ci[1])}]` : text(value)
}

/** A p-value: `p = 0.012`, `p < 0.001`. A permutation test never shows that it is zero. */
export function formatP(p: number): string {
  return p < 0.001 ? 'p < 0.001' : `p = ${p.toFixed(3)}`
}

/** Seconds in words of two units at most: `0.4 s`, `45 s`, `45 min 10 s`, `2 h 5 min`. */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) return 'unknown'
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return joinUnits(Math.floor(whole / 60), 'min', whole % 60, 's')
  const minutes = Math.round(seconds / 60)
  if (minutes < 24 * 60) return joinUnits(Math.floor(minutes / 60), 'h', minutes % 60, 'min')
  const hours = Math.round(seconds / 3600)
  return joinUnits(Math.floor(hours / 24), 'd', hours % 24, 'h')
}

/** Bytes in decimal units (1 MB is 1,000,000 bytes): `812 B`, `3.4 kB`, `12 MB`. */
export function formatBytes(bytes: number): string {
  if (!Number.isFinite(bytes) || bytes < 0) return 'unknown'
  if (bytes < 999.5) return `${Math.round(bytes)} B`
  const units = ['kB', 'MB', 'GB', 'TB', 'PB']
  let size = bytes / 1000
  let unit = 0
  while (size >= 999.5 && unit < units.length - 1) {
    size /= 1000
    unit += 1
  }
  return `${size < 9.95 ? size.toFixed(1) : Math.round(size)} ${units[unit]}`
}

/** `5,000` */
export function formatCount(count: number): string {
  return count.toLocaleString('en-US')
}

function decimalsFor(value: number, digits: number): number {
  const size = Math.abs(value)
  if (size === 0) return digits
  let decimals = Math.max(0, digits - 1 - Math.floor(Math.log10(size)))
  if (size <= 1) decimals = Math.max(decimals, digits)
  if (size < 1) while (decimals < 15 && Number(size.toFixed(decimals)) === 1) decimals += 1
  return Math.min(decimals, 15)
}

function withDecimals(value: number, decimals: number): string {
  const text = value.toFixed(decimals)
  return Number(text) === 0 ? text.replace('-', '') : text
}

function joinUnits(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`
}
