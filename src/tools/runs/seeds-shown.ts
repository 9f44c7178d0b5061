import { z } from 'zod'

/** What get_run shows of a run that only gathers seeds. */
export const SeedsOfRun = z
  .object({
    seeds: z.number(),
    counted: z.number().describe('seeds that succeeded and are judgeable: the means are of these'),
    metrics: z.array(
      z.object({
        name: z.string(),
        split: z.string().optional(),
        seeds: z.number(),
        mean: z.number(),
        spread: z.number().optional().describe('standard deviation over the seeds'),
      }),
    ),
  })
  .describe('of a run with several seeds: the mean of what was measured, and its spread')

export type SeedsOfRun = z.output<typeof SeedsOfRun>

export function renderSeeds(seeds: SeedsOfRun | undefined): string[] {
  if (!seeds) return []
  const of = seeds.counted === seeds.seeds ? `${seeds.seeds}` : `${seeds.counted} of ${seeds.seeds}`
  return [
    `measured over ${of} seeds:`,
    ...seeds.metrics.map(
      ({ name, split, mean, spread }) =>
        `  ${name}${split ? ` (${split})` : ''} mean ${shown(mean)}${spread === undefined ? '' : `, sd ${shown(spread)}`}`,
    ),
  ]
}

function shown(value: number): string {
  return String(Number(value.toPrecision(5)))
}
