import { formatDifference, formatP } from './number-format.ts'
import { codeLabel } from './run-words.ts'

/** One paired comparison of the lab: `difference` is a minus b on the same rows. The shape of `compare_runs`. */
export interface PairedDifference {
  a: string
  b: string
  difference: number
  ci?: [number, number] | null
  p?: number | null
  /** Holm's adjustment over all comparisons of the family. */
  p_adjusted?: number | null
  verdict: 'better' | 'worse' | 'no_difference_shown'
  /** How many comparisons the adjustment allows for. */
  tests?: number
}

/** One difference as a sentence. A test that shows no difference does not show that two runs are equal. */
export function differenceSentence(item: PairedDifference, metric: string): string {
  const a = codeLabel(item.a)
  const b = codeLabel(item.b)
  const size = formatDifference(Math.abs(item.difference), absolute(item))
  const test = testWords(item)
  if (item.verdict === 'better') return `${a} is better than ${b} by ${size} in ${metric}${test}.`
  if (item.verdict === 'worse') return `${a} is worse than ${b} by ${size} in ${metric}${test}.`
  return `No difference shown between ${a} and ${b}: ${formatDifference(item.difference, item.ci ?? undefined)} in ${metric}${test}.`
}

function testWords({ p, p_adjusted: adjusted, tests }: PairedDifference): string {
  if (typeof adjusted === 'number')
    return ` (${formatP(adjusted)}, adjusted for ${tests === undefined ? 'the number of' : tests} comparison${tests === 1 ? '' : 's'})`
  if (typeof p === 'number') return ` (${formatP(p)}, not adjusted)`
  return ''
}

/** The interval of the size of a difference whose sign the sentence already says. */
function absolute({ difference, ci }: PairedDifference): [number, number] | undefined {
  if (!ci) return undefined
  return difference < 0 ? [-ci[1], -ci[0]] : ci
}
