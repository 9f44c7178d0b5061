import { parseRunId } from '../core/ids.ts'
import type { EvidenceData, EvidenceSplit } from './evidence-file.ts'
import type { Ledger } from './ledger.ts'

/** A run that the ledger holds measurements of and that is not on disk: deleted, or never brought into this clone. */
export interface GoneRun {
  run: string
  /** Measured last; ISO 8601, UTC. */
  at: string
  /** What was measured last of each split, as far as the ledger holds it. */
  values: NonNullable<EvidenceData['values']>
  /** A look at the sealed test set was taken for it. */
  looked: boolean
}

/** The splits by which a run is named first: what it was chosen by. */
const ORDER: readonly EvidenceSplit[] = ['validation', 'folds', 'test', 'train']
/** Further ones are counted. */
const MOST_NAMED = 20

/**
 * The runs of one increment, or of all, that were measured and are gone. A run that was never measured leaves no line in
 * the ledger, so its deletion is not seen.
 * @param isHere whether a run is on disk; asked once for each that has a line.
 */
export function goneRuns(ledger: Ledger, isHere: (run: string) => boolean, increment?: string): GoneRun[] {
  const gone = new Map<string, GoneRun>()
  const here = new Map<string, boolean>()
  for (const { event, verified, at, data } of ledger.lines) {
    if (!verified || typeof data.run !== 'string') continue
    if (event !== 'evidence.recorded' && event !== 'look.taken') continue
    const { run } = data
    const id = parseRunId(run)
    if (!id || (increment !== undefined && id.increment !== increment)) continue
    if (!here.has(run)) here.set(run, isHere(run))
    if (here.get(run)) continue
    const known = gone.get(run)
    if (event === 'evidence.recorded') {
      const values = { ...known?.values, ...(data as unknown as EvidenceData).values }
      gone.set(run, { run, at, values, looked: known?.looked ?? false })
    } else {
      gone.set(run, { run, at, values: {}, ...known, looked: true })
    }
  }
  return [...gone.values()].sort((a, b) => (a.run < b.run ? -1 : 1))
}

/** `0042/exp-007-forest (roc_auc 0.9999 on validation)`, for each; many are counted. */
export function goneInWords(gone: readonly GoneRun[], metric?: string): string {
  const more = gone.length - MOST_NAMED
  return (
    gone
      .slice(0, MOST_NAMED)
      .map(
        (one) =>
          `${one.run} (${[lastValue(one, metric), ...(one.looked ? ['looked at on test'] : [])].join('; ')})`,
      )
      .join(', ') + (more > 0 ? ` and ${more} more` : '')
  )
}

function lastValue({ values, at }: GoneRun, metric: string | undefined): string {
  const splits = ORDER.filter((split) => values[split])
  for (const wanted of metric === undefined ? [] : [metric])
    for (const split of splits) {
      const value = values[split]?.[wanted]
      if (value !== undefined) return `${wanted} ${short(value)} on ${split}`
    }
  for (const split of splits)
    for (const [name, value] of Object.entries(values[split] ?? {}))
      return `${name} ${short(value)} on ${split}`
  return `measured on ${at.slice(0, 10)}; the ledger holds no value of it`
}

function short(value: number | string): string {
  return typeof value === 'number' ? String(Number(value.toPrecision(5))) : value
}
