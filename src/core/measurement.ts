/** One number, with who computed it. The shape of `metrics[]` in every answer and of `metrics.json` in a run's folder. */
export interface Measurement {
  name: string
  /** Absent for what a script reports without naming a split, and for cost metrics. */
  split?: Split
  source: 'measured' | 'reported'
  /** Of a measured number: `open` where the script can see the labels, `sealed` for the test split. */
  grade?: 'open' | 'sealed'
  /** A number, or `"NaN"`, `"Infinity"`, `"-Infinity"` where a script reported that. */
  value: number | NonFinite
  /** Interval of 95 %, low and high. */
  ci?: [number, number]
  /** Of a cost that was measured several times: all of its values, and which of them counts, in words. */
  repeated?: string
  step?: number
}

export type Split = 'train' | 'validation' | 'test' | 'folds'
export type NonFinite = 'NaN' | 'Infinity' | '-Infinity'

export const SPLITS: readonly Split[] = ['train', 'validation', 'test', 'folds']

const SPLIT_ORDER: Record<string, number> = { test: 0, validation: 1, folds: 2, train: 3 }

/** Measured first, then by split (test, validation, folds, train), then by name. */
export function sortMeasurements(metrics: readonly Measurement[]): Measurement[] {
  return [...metrics].sort(
    (a, b) =>
      Number(a.source === 'reported') - Number(b.source === 'reported') ||
      (SPLIT_ORDER[a.split ?? ''] ?? 9) - (SPLIT_ORDER[b.split ?? ''] ?? 9) ||
      (a.name < b.name ? -1 : a.name > b.name ? 1 : 0),
  )
}

export function findMeasured(
  metrics: readonly Measurement[],
  name: string,
  split: Split | undefined,
): (Measurement & { value: number }) | undefined {
  const found = metrics.find((m) => m.source === 'measured' && m.name === name && m.split === split)
  return found && typeof found.value === 'number' ? (found as Measurement & { value: number }) : undefined
}
