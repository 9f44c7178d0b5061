/** A value as answers show it: six significant digits, and every digit before the decimal point. */
export function shown(value) {
  if (!Number.isFinite(value) || Number.isInteger(value)) return value
  return Number(value.toPrecision(Math.max(6, String(Math.trunc(Math.abs(value))).length)))
}

/** Measurements of a file, as answers show them. */
export function shownMetrics(metrics) {
  return metrics.map(({ value, ci, ...rest }) => ({
    ...rest,
    ...(value === undefined ? {} : { value: shown(value) }),
    ...(ci === undefined ? {} : { ci: ci.map(shown) }),
  }))
}
