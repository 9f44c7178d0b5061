import { formatDifference, formatNumber, formatP } from './number-format.ts'

/** Two experiments by the means over their seeds, a - b; the shape of `compare_runs`. */
export interface SeedDifferenceFact {
  a: string
  b: string
  difference: number
  /** 95 %, of this comparison alone. */
  ci: readonly number[]
  /** Holm's adjustment over all tries. */
  p_adjusted: number
  verdict: 'better' | 'worse' | 'no_difference_shown'
  seed_noise: number
  by_luck: boolean
  /** P(a > b) over all pairs of seeds. */
  wins: number
  wins_ci: readonly number[]
}

/** What is said once of all p-values and intervals, so that neither is taken for the other. */
export function adjustmentWords(tests: number | undefined, split = 'validation'): string {
  const many = tests === undefined ? '' : `${tests} comparison${tests === 1 ? '' : 's'}: `
  const counted =
    split === 'test'
      ? 'those that are shown, and at least one for each look of the budget'
      : 'every other try of the increment, each seed and deleted runs counted, and every baseline that is compared'
  return `p is adjusted (Holm) for ${many}${counted}. Brackets hold the 95 % interval of one comparison alone, which is not adjusted; the verdict follows p.`
}

/** One difference over seeds as a sentence. @param label how an experiment is written */
export function seedDifferenceSentence(
  one: SeedDifferenceFact,
  label: (experiment: string) => string,
): string {
  const { difference, ci, p_adjusted, verdict, seed_noise, by_luck, wins, wins_ci } = one
  const [a, b] = [label(one.a), label(one.b)]
  const size = formatDifference(difference, [ci[0]!, ci[1]!])
  const noise =
    seed_noise === 0
      ? 'the seed changes nothing in either'
      : `two single runs of equal experiments differ by up to ${formatNumber(seed_noise)} by their seeds alone, so ${by_luck ? 'a difference of this size between two single runs could be luck' : 'this is more than a seed’s luck'}`
  const often = `P(a run of ${a} beats a run of ${b}) = ${wins.toFixed(2)} [${wins_ci.map((end) => end.toFixed(2)).join(', ')}] over all pairs of seeds`
  return `${a} against ${b}, means over seeds: ${size}, ${formatP(p_adjusted)} adjusted: ${verdict.replaceAll('_', ' ')}; ${noise}; ${often}`
}
