import { metricInfo } from '../core/metrics.ts'
import {
  type CostEvidence,
  type CostMeasurement,
  costDisturbances,
  longerAtMost,
  machineInWords,
} from './cost-evidence.ts'
import type { MetricEvidence } from './evidence-file.ts'

/** A figure with all measurements of it, and which of them it is. */
export interface CostFigure extends MetricEvidence {
  /** In their order. `left_out` says why one takes no part. */
  values: { value: number; left_out?: 'busy' | 'other_machine' | 'other_model' }[]
  /** Of the measurement that it is. */
  disturbances: string[]
  longer_at_most: number | null
}

export function costMeasurement(cost: Omit<CostEvidence, 'measurement' | 'measurements'>): CostMeasurement {
  return {
    at: cost.at,
    model_sha256: cost.model.sha256,
    machine: machineInWords(cost),
    metrics: cost.metrics,
    disturbances: costDisturbances(cost),
    longer_at_most: longerAtMost(cost),
  }
}

/**
 * The figures that count, of all measurements of one run's model, the latest last. Measured again and again, the best of
 * them would pass any limit in the end. So the middle one counts, of an even number the worse of the two in the middle: a
 * limit holds where more than half of the measurements keep it. Of those on the machine of the latest; what was measured
 * beside other work counts only where there is nothing else, whatever it says.
 */
export function decidedFigures(measurements: readonly CostMeasurement[]): CostFigure[] {
  // One that came to nothing, as where the process could not be started, knows no machine.
  const latest = measurements.findLast(({ metrics }) => metrics.length > 0)
  if (!latest) return []
  const names = [...new Set(measurements.flatMap(({ metrics }) => metrics.map(({ name }) => name)))]
  return names.flatMap((name) => {
    const all = measurements.flatMap((from) => {
      const metric = from.metrics.find((one) => one.name === name)
      return metric && typeof metric.value === 'number' ? [{ from, metric, value: metric.value }] : []
    })
    const ours = all.filter(({ from }) => !elsewhere(from, latest))
    const idle = ours.filter(({ from }) => from.longer_at_most === null)
    const counted = idle.length > 0 ? idle : ours
    const lower = metricInfo(name)?.direction === 'minimize' ? 1 : -1
    const sorted = [...counted].sort((a, b) => (a.value - b.value) * lower)
    const middle = sorted[Math.floor(sorted.length / 2)]
    if (!middle) return []
    const values: CostFigure['values'] = all.map(({ from, value }) => {
      const why = elsewhere(from, latest) ?? (counted.some((one) => one.from === from) ? undefined : 'busy')
      return { value, ...(why ? { left_out: why } : {}) }
    })
    const { disturbances, longer_at_most } = middle.from
    return [{ ...middle.metric, values, disturbances, longer_at_most }]
  })
}

function elsewhere(
  one: CostMeasurement,
  latest: CostMeasurement,
): 'other_machine' | 'other_model' | undefined {
  if (one.model_sha256 !== latest.model_sha256) return 'other_model'
  return one.machine === latest.machine ? undefined : 'other_machine'
}

const LEFT_OUT = {
  busy: 'the machine was busy',
  other_machine: 'another machine',
  other_model: 'another model file',
}

/** `measured 3 times: 104.6 (the machine was busy), 50.3, 51; the middle one counts`; `undefined` where it was once, or the same each time. */
export function measuredTimes({ values }: CostFigure): string | undefined {
  const figures = values.map(({ value }) => String(Number(value.toPrecision(4))))
  if (new Set(figures).size < 2) return undefined
  const shown = values.map(({ left_out }, place) => {
    const figure = figures[place]
    return left_out ? `${figure} (left out: ${LEFT_OUT[left_out]})` : figure
  })
  const counted = values.filter(({ left_out }) => !left_out).length
  const rule =
    counted === 1
      ? ''
      : counted % 2 === 1
        ? '; the middle one counts'
        : `; the worse ${counted === 2 ? 'one' : 'of the two in the middle'} counts`
  return `measured ${values.length} times: ${shown.join(', ')}${rule}`
}

/** As they count, of what evidence.json holds. */
export function costFigures(cost: CostEvidence): CostFigure[] {
  return decidedFigures(cost.measurements ?? [costMeasurement(cost)])
}

/** What has no figure of any measurement that counts, with the reason of the last. */
export function notMeasured(
  cost: Pick<CostEvidence, 'not_measured'>,
  figures: readonly Pick<CostFigure, 'name'>[],
): CostEvidence['not_measured'] {
  const known = new Set(figures.map(({ name }) => name))
  return cost.not_measured.filter(({ name }) => !known.has(name))
}
