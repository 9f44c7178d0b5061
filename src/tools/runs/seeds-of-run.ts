import { Refusal } from '../../core/errors.ts'
import { seedsOf } from '../../runs/seeded-experiments.ts'
import type { Index } from '../../store/index-db.ts'

const MOST_NAMED = 8

/**
 * A run that only gathers its seeds has no predictions of its own: each seed is a run that is evaluated for itself.
 * @param input of the call, which is asked again of one of them.
 * @throws Refusal INPUT_INVALID with the seeds, and how one is chosen.
 */
export function requireNoSeeds(index: Index, run: string, input: Readonly<Record<string, unknown>>): void {
  const seeds = seedsOf(index, run)
  const [first] = seeds
  if (!first) return
  const named = seeds.slice(0, MOST_NAMED).join(', ')
  const more = seeds.length > MOST_NAMED ? ` and ${seeds.length - MOST_NAMED} more` : ''
  throw new Refusal(
    'INPUT_INVALID',
    `${run} is ${seeds.length} runs of seeds and has no predictions of its own: ${named}${more}. Ask of one of them. Which one is deployed is for you to say: ml.candidate in spec.md names it; compare_runs compares experiments over all of their seeds.`,
    {
      invalid: [{ field: 'run', problem: `gathers ${seeds.length} runs of seeds` }],
      next: [
        { tool: 'evaluate_run', arguments: { ...input, run: first }, why: 'of its first seed' },
        {
          tool: 'compare_runs',
          arguments: { increment: run.split('/')[0] },
          why: 'shows what each seed reached on validation, and their mean',
        },
      ],
    },
  )
}
