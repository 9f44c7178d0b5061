import type { Check } from '../core/criterion.ts'
import type { DatasetRecord } from '../core/dataset-record.ts'
import { findMeasured, type Measurement } from '../core/measurement.ts'
import { metricInfo } from '../core/metrics.ts'
import type { RunSummary } from '../core/run-summary.ts'
import { show } from './lift.ts'

/** One-sided, over all metrics of a run together. */
const LEVEL = 0.001
/** Half the width of a 95 % interval, in standard errors. */
const Z95 = 1.959964
/** An error in bins, which has a bias of its own in small samples, and no interval of a mean. */
const LEFT_OUT = /^ece$/

/**
 * Whether test is drawn as validation is, row by row: a later period or other groups may be easier, which says nothing of
 * a model, and the rows of users or of series hang together.
 */
export function drawnAlike({ problem_type, split }: Pick<DatasetRecord, 'problem_type' | 'split'>): boolean {
  return (
    (problem_type === 'classification' || problem_type === 'regression') &&
    (split?.method === 'random' || split?.method === 'stratified')
  )
}

interface Better {
  name: string
  validation: Measurement & { value: number }
  test: Measurement & { value: number }
  p: number
}

/**
 * Metrics that are better on test than on validation by more than chance allows. The rows are others, so that the two
 * values are independent:
 *
 *     z = (test - validation) / sqrt(se_test² + se_validation²), better being larger
 *
 * with each standard error from that side of the 95 % interval which lies towards the other value, divided by 1.96: the
 * method of variance estimates recovery, which keeps intervals that are not symmetric (Zou and Donner 2008, Stat. Med.
 * 27:1693-1702). p is the upper tail of the normal distribution, against 0.001 divided by the number of metrics that were
 * compared (Bonferroni). Whoever chose by validation is better there by luck, so that honest work meets it still less often.
 */
export function betterOnTest({ metrics }: Pick<RunSummary, 'metrics'>): Better[] {
  const compared = metrics
    .filter(({ source, split, name }) => source === 'measured' && split === 'test' && !LEFT_OUT.test(name))
    .flatMap(({ name }) => {
      const info = metricInfo(name)
      const test = findMeasured(metrics, name, 'test')
      const validation = findMeasured(metrics, name, 'validation')
      if (!info || !test?.ci || !validation?.ci) return []
      const sign = info.direction === 'maximize' ? 1 : -1
      const errors = [
        sign > 0 ? test.value - test.ci[0] : test.ci[1] - test.value,
        sign > 0 ? validation.ci[1] - validation.value : validation.value - validation.ci[0],
      ]
      const error = Math.hypot(...errors) / Z95
      const z = (sign * (test.value - validation.value)) / error
      return error > 0 ? [{ name, validation, test, p: upperTail(z) }] : []
    })
  return compared.filter(({ p }) => p < LEVEL / compared.length).sort((a, b) => a.p - b.p)
}

/** The suspicion in words; `undefined` where there is none. */
export function suspectedOnTest(run: Pick<RunSummary, 'run' | 'metrics'>): string | undefined {
  const [most, ...others] = betterOnTest(run)
  if (!most) return undefined
  const { name, test, validation, p } = most
  const more = others.length > 0 ? `; also ${others.map((one) => one.name).join(', ')}` : ''
  return `suspected of knowing test labels: ${run.run} is better on the sealed test set than on validation by more than chance allows (${name} ${withInterval(test)} against ${withInterval(validation)}, p = ${p.toExponential(0)}${more}). Rows that are drawn alike are no easier on one of the two: look for a way by which the script or its model comes to the labels, such as the source, a copy of it, or Git's history`
}

/** There only where it says something: a tick beside every honest run would say nothing. */
export function betterOnTestCheck(suspected: string | undefined, run: string): Check[] {
  if (!suspected) return []
  return [
    {
      id: 'gap.validation_test',
      status: 'pass',
      message: `warning, not blocking: ${suspected}.`,
      evidence: run,
    },
  ]
}

function withInterval({ value, ci }: Better['test']): string {
  return `${show(value)} [${show(ci![0])}, ${show(ci![1])}]`
}

/** P(Z > z) of the normal distribution: Laplace's continued fraction (Abramowitz and Stegun 26.2.14), good where z is large. */
function upperTail(z: number): number {
  if (z < 2) return 1
  let fraction = z
  for (let k = 60; k >= 1; k--) fraction = z + k / fraction
  return Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI) / fraction
}
