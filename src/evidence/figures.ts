import { canonicalJson } from '../core/canonical-json.ts'
import type { MetricEvidence, SplitEvidence } from './evidence-file.ts'

/** Two figures within this of each other, relative to the larger beyond 1, are the same: sums differ in their last bits. */
export const TOLERANCE = 1e-9

/** Whether two values are the same, numbers within {@link TOLERANCE}, in all that they hold. */
export function isSame(a: unknown, b: unknown): boolean {
  if (typeof a === 'number' && typeof b === 'number')
    return a === b || Math.abs(a - b) <= TOLERANCE * Math.max(1, Math.abs(a), Math.abs(b))
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, i) => isSame(item, b[i]))
  if (a && b && typeof a === 'object' && typeof b === 'object') {
    const [x, y] = [a as Record<string, unknown>, b as Record<string, unknown>]
    return [...new Set([...Object.keys(x), ...Object.keys(y)])].every((key) => isSame(x[key], y[key]))
  }
  return a === b
}

/**
 * The metrics whose intervals another build of the lab computed by another method: their values are compared, these are not.
 * The same build has one method for the same data, so there a method that differs excuses nothing.
 */
export function otherMethods(recorded: SplitEvidence, again: SplitEvidence): OtherMethod[] {
  if (recorded.lab_sha256 !== undefined && recorded.lab_sha256 === again.lab_sha256) return []
  const found = new Map(again.metrics.map((metric) => [metric.name, metric]))
  return recorded.metrics.flatMap(({ name, ci, ci_method: was }) => {
    const is = found.get(name)
    return ci && is?.ci && was && is.ci_method && was !== is.ci_method
      ? [{ name, was, is: is.ci_method }]
      : []
  })
}

export interface OtherMethod {
  name: string
  was: string
  is: string
}

/** That an interval was left out of the comparison, a sentence for each two methods. */
export function otherMethodsInWords(methods: readonly OtherMethod[]): string[] {
  const byMethod = new Map<string, string[]>()
  for (const { name, was, is } of methods) {
    const pair = `recorded by \`${was}\`, and the lab that is here computes \`${is}\``
    byMethod.set(pair, [...(byMethod.get(pair) ?? []), name])
  }
  return [...byMethod].map(([pair, names]) =>
    names.length === 1
      ? `the interval of ${names[0]} was not compared, its value was: it was ${pair}`
      : `the intervals of ${names.join(', ')} were not compared, their values were: they were ${pair}`,
  )
}

/**
 * What stands in evidence.json and is not what the predictions give, a sentence each; empty where all of it is.
 * A newer lab may measure more than was recorded: only what was recorded has to be found again, unless it is the same lab.
 */
export function wrongFigures(recorded: SplitEvidence, again: SplitEvidence): string[] {
  const wrong: string[] = []
  if (recorded.rows !== again.rows) wrong.push(stands('rows', recorded.rows, again.rows))
  if (recorded.folds !== again.folds) wrong.push(stands('folds', recorded.folds ?? null, again.folds ?? null))
  if (recorded.labels_sha256 !== again.labels_sha256)
    wrong.push('labels_sha256 is not that of the labels that the source gives')
  if (recorded.threshold !== again.threshold)
    wrong.push(stands('threshold', recorded.threshold ?? null, again.threshold ?? null))
  const found = new Map(again.metrics.map((metric) => [metric.name, metric]))
  const other = new Set(otherMethods(recorded, again).map(({ name }) => name))
  for (const metric of recorded.metrics)
    wrong.push(...wrongMetric(metric, found.get(metric.name), other.has(metric.name)))
  const names = new Set(recorded.metrics.map(({ name }) => name))
  if (recorded.lab === again.lab)
    for (const { name } of again.metrics)
      if (!names.has(name)) wrong.push(`${name} is missing in evidence.json, and the predictions give it`)
  if (!isSame(recorded.confusion, again.confusion))
    wrong.push('the confusion matrix is not what the predictions give')
  return wrong
}

function wrongMetric(
  recorded: MetricEvidence,
  again: MetricEvidence | undefined,
  valueAlone: boolean,
): string[] {
  const { name } = recorded
  if (!again) return [`${name} stands in evidence.json, and the predictions do not give it`]
  if (!isSame(recorded.value, again.value)) return [stands(name, recorded.value, again.value)]
  if (!isSame(recorded.by_fold, again.by_fold))
    return [stands(`${name} by fold`, recorded.by_fold ?? null, again.by_fold ?? null)]
  return valueAlone || isSame(recorded.ci ?? null, again.ci ?? null)
    ? []
    : [stands(`the interval of ${name}`, recorded.ci ?? null, again.ci ?? null)]
}

function stands(what: string, recorded: unknown, again: unknown): string {
  return `${what}: ${canonicalJson(recorded)} stands in evidence.json, and the predictions give ${canonicalJson(again)}`
}

/** How many figures a split's evidence holds: values, intervals and the values of each fold. */
export function figureCount({ metrics }: SplitEvidence): number {
  return metrics.reduce((count, { ci, by_fold }) => count + (ci ? 2 : 1) + (by_fold?.length ?? 0), 0)
}
