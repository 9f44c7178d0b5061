const BARS = '▁▂▃▄▅▆▇█'

/** A curve in one line, lowest to highest value; what is not finite is a gap. At most `width` characters. */
export function sparkline(values: readonly (number | string)[], width: number): string {
  const sampled =
    values.length <= width
      ? values
      : Array.from(
          { length: width },
          (_, n) => values[Math.round((n * (values.length - 1)) / (width - 1))] ?? '',
        )
  const finite = sampled.filter(
    (value): value is number => typeof value === 'number' && Number.isFinite(value),
  )
  const low = Math.min(...finite)
  const span = Math.max(...finite) - low
  return sampled
    .map((value) => {
      if (typeof value !== 'number' || !Number.isFinite(value)) return ' '
      const height = span === 0 ? 0.5 : (value - low) / span
      return BARS[Math.min(BARS.length - 1, Math.floor(height * BARS.length))]
    })
    .join('')
}
