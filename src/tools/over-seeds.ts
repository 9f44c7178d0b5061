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
        ci: z.array(z.number()).describe('95 %, by chance in the seeds and in the rows'),
        p: z.number(),
        p_adjusted: z.number(),
        verdict: z.enum(['better', 'worse', 'no_difference_shown']),
        error_rows: z.number(),
        error_seeds: z.number(),
        seed_noise: z
          .number()
          .describe('two single runs of equal experiments differ by less in 95 % of cases'),
        by_luck: z.boolean().describe('such a difference between two single runs could be their seeds alone'),
        wins: z.number().describe('share of the pairs of seeds in which a beats b'),
        wins_ci: z.array(z.number()),
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
        : `over seeds: ${experiment}: mean ${short(mean)} of ${seeds} seeds, which spread by ${short(spread)}`,
    ),
    ...differences.map(({ words }) => words),
    ...(notes ?? []),
  ]
}
