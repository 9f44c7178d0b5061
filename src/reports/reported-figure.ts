import type { Measurement, Split } from '../core/measurement.ts'
import { metricInfo } from '../core/metrics.ts'
import { inline } from './markdown-text.ts'
import { formatMeasurement, formatNumber } from './number-format.ts'

const PREFIXES: Partial<Record<Split, string[]>> = {
  validation: ['val', 'valid', 'validation', 'eval', 'dev'],
  test: ['test'],
  train: ['train', 'training'],
  folds: ['cv', 'folds'],
}

/**
 * What the script reported for a metric on a split: under that split, else as `val_accuracy` and the like, else under
 * the metric's bare name, which does not say what it was computed on.
 */
export function reportedFor(
  metrics: readonly Measurement[],
  name: string,
  split: Split,
): Measurement | undefined {
  const reported = metrics.filter(({ source }) => source === 'reported')
  const spelled = (PREFIXES[split] ?? []).flatMap((prefix) => [
    `${prefix}_${name}`,
    `${prefix}/${name}`,
    `${prefix}.${name}`,
    `${name}_${prefix}`,
  ])
  return (
    reported.find((m) => m.name === name && m.split === split) ??
    reported.find((m) => m.split === undefined && spelled.includes(m.name)) ??
    reported.find((m) => m.split === undefined && m.name === name)
  )
}

/** A sentence where the reported number is not the measured one; `undefined` where they agree as far as rounding goes. */
export function disagreement(
  measured: Measurement & { value: number },
  reported: Measurement,
): string | undefined {
  const says = `the script reported ${inline(reported.name)} ${formatNumber(reported.value)}`
  const split = measured.split === undefined ? '' : ` on ${measured.split}`
  const found = `the lab measured ${inline(measured.name)} ${formatMeasurement(measured)}${split}`
  if (typeof reported.value !== 'number') return `${says}; ${found}.`
  const gap = Math.abs(reported.value - measured.value)
  const bounded = metricInfo(measured.name)?.bounded === 'unit'
  if (gap <= (bounded ? 0.005 : 0.005 * Math.abs(measured.value))) return undefined
  const outside = measured.ci && (reported.value < measured.ci[0] || reported.value > measured.ci[1])
  const where =
    reported.split === undefined && reported.name === measured.name ? ', without naming a split' : ''
  return `${says}${where}; ${found}${outside ? ', an interval that does not hold the reported number' : ''}.`
}
