import { z } from 'zod'
import { short } from './run-view.ts'

/** What compare_runs says of experiments over their seeds; made by seed-comparison.ts. */
export const OverSeeds = z
  .object({
    reference: z.string().optional().describe('the experiment of the best mean'),
    experiments: z.array(
      z.object({
        experiment: z.string(),
        seeds: z.number(),
        mean: z.number().optional(),
        spread: z.number().optional().describe('standard deviation over the seeds'),
      }),
    ),
    differences: z.array(
      z.object({
        a: z.string(),
        b: z.string(),
        difference: z.number().describe('of the means over seeds, a - b'),
        ci: z
          .array(z.number())
          .describe('95 % of this comparison alone, by chance in the seeds and in the rows: not adjusted'),
        p: z.number().describe('not adjusted'),
        p_adjusted: z.number().describe('Holm, over `family`; the verdict follows it'),
        verdict: z.enum(['better', 'worse', 'no_difference_shown']),
        error_rows: z.number(),
        error_seeds: z.number(),
        seed_noise: z
          .number()
          .describe('two single runs of equal experiments differ by less in 95 % of cases'),
        by_luck: z.boolean().describe('such a difference between two single runs could be their seeds alone'),
        wins: z
          .number()
          .describe('P(a > b): share of all pairs of seeds in which the run of a beats the run of b'),
        wins_ci: z.array(z.number()).describe('95 % of P(a > b)'),
        worth: z.boolean().describe('wins_ci lies above 0.5 and reaches over 0.75'),
        words: z.string(),
      }),
    ),
    notes: z.array(z.string()).optional(),
  })
  .describe(
    'experiments of several seeds, compared by their means: whether a difference is more than a seed’s luck',
  )

export type OverSeedsAnswer = z.infer<typeof OverSeeds>

export function renderOverSeeds({ experiments, differences, notes }: OverSeedsAnswer): string[] {
  return [
    ...experiments.map(({ experiment, seeds, mean, spread }) =>
      mean === undefined || spread === undefined
        ? `over seeds: ${experiment}: ${seeds} seeds`
        : `over seeds: ${experiment}: mean ${short(mean)}, sd ${short(spread)}, of ${seeds} seeds`,
    ),
    ...differences.map(({ words }) => words),
    ...(notes ?? []),
  ]
}
