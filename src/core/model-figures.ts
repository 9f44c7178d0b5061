import { type Measurement, sortMeasurements } from './measurement.ts'

/** What an issue says of an increment's model, kept beside its link so that a later call can tell what changed. */
export interface ModelFigures {
  status: string
  verdict: string
  /** The candidate, else the best by validation; `null` where nothing was measured. */
  run: string | null
  /** Measured by the lab, train left out. */
  metrics: Pick<Measurement, 'name' | 'split' | 'value' | 'ci'>[]
}

/** More would be no summary. */
const MOST = 16

export function modelFigures(
  { status, verdict }: Pick<ModelFigures, 'status' | 'verdict'>,
  run: { run: string; metrics: readonly Measurement[] } | undefined,
  leading: string | undefined,
): ModelFigures {
  const measured = sortMeasurements(run?.metrics ?? []).filter(
    ({ source, split }) => source === 'measured' && split !== 'train',
  )
  // By what is asked for first.
  measured.sort((a, b) => Number(b.name === leading) - Number(a.name === leading))
  return {
    status,
    verdict,
    run: run?.run ?? null,
    metrics: measured.slice(0, MOST).map(({ name, split, value, ci }) => ({
      name,
      ...(split ? { split } : {}),
      value,
      ...(ci ? { ci } : {}),
    })),
  }
}
