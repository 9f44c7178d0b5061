import type { Workspace } from '../store/workspace.ts'
import { askLab, type Comparison, type ComparisonResult, type Difference } from './comparison.ts'
import type { EvaluationOptions } from './scoring.ts'

/** An experiment over its seeds. */
export interface SeededExperiment {
  experiment: string
  seeds: number
  mean: number
  /** Standard deviation over the seeds. */
  spread: number
}

/** The means of two experiments, a - b. Formulas and sources: python/lab/specweave_lab/seeds.py. */
export interface SeedDifference extends Difference {
  /** The two parts of the standard error: chance in the rows, and in the seeds. */
  error_rows: number
  error_seeds: number
  /** Two single runs of equally good experiments differ by less than this in 95 % of cases, by their seeds alone. */
  seed_noise: number
  /** A difference of this size between two single runs could be their seeds' luck. */
  by_luck: boolean
  /** How often a run of a beats a run of b, over all pairs of seeds, with its 95 % interval. */
  wins: number
  wins_ci: [number, number]
  /** The interval lies above 0.5 and reaches over 0.75: Bouthillier et al. (2021). */
  worth: boolean
}

export interface SeedComparison extends Pick<ComparisonResult, 'left_out' | 'family'> {
  /** The experiment of the best mean, with which each other is compared. */
  reference?: string
  experiments: SeededExperiment[]
  differences: SeedDifference[]
}

/** With one seed there is no spread. */
export const FEWEST_SEEDS = 2

/**
 * Compares experiments by the means of their seeds, with chance in the seeds and in the rows in the interval. On test only
 * runs take part that were looked at, as in `compareOnSplit`.
 * @param experiments by name the runs, each with another seed.
 * @throws Refusal VAULT_MISSING, PREDICTIONS_INVALID, INPUT_INVALID, LAB_UNAVAILABLE, LAB_FAILED
 */
export async function compareSeeds(
  workspace: Workspace,
  comparison: Omit<Comparison, 'reference' | 'runs'>,
  experiments: ReadonlyMap<string, Comparison['runs']>,
  options: EvaluationOptions = {},
): Promise<SeedComparison> {
  const several = (compared: ReadonlySet<string>) => {
    const asked = [...experiments]
      .map(([name, of]) => [name, of.map(({ run }) => run).filter((run) => compared.has(run))] as const)
      .filter(([, of]) => of.length >= FEWEST_SEEDS)
    return asked.length > 1 ? { experiments: Object.fromEntries(asked) } : undefined
  }
  const { found, leftOut } = await askLab<Omit<Required<SeedComparison>, 'left_out'>>(
    workspace,
    'compare_seeds',
    { ...comparison, runs: [...experiments.values()].flat() },
    several,
    options,
  )
  if (!found) return { experiments: [], differences: [], left_out: leftOut }
  const { reference, differences, family } = found
  return { reference, experiments: found.experiments, differences, family, left_out: leftOut }
}
