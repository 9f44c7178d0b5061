import type { Ledger } from './ledger.ts'
import { type LookData, looksTaken } from './looks.ts'
import { versionsOfTheSameLabels } from './same-labels.ts'

/** The looks that were taken at the very labels of a data set, by increment, each with those of its own; most first. */
export function looksByIncrement(
  ledger: Ledger,
  datasetHash: string,
): { increment: string; looks: number }[] {
  const same = versionsOfTheSameLabels(ledger, datasetHash)
  const increments = new Set(
    ledger.lines
      .filter(({ event, data }) => event === 'look.taken' && same.has(String(data.dataset_hash)))
      .map(({ data }) => (data as unknown as LookData).increment),
  )
  return [...increments]
    .map((increment) => ({ increment, looks: looksTaken(ledger, increment, datasetHash).length }))
    .filter(({ looks }) => looks > 0)
    .sort((a, b) => b.looks - a.looks || (a.increment < b.increment ? -1 : 1))
}

/**
 * What other increments asked the same sealed labels, for whoever reads this one's budget: each has a budget of its own, so
 * the labels may have been asked more often than it says.
 * @returns a clause; nothing where only this increment looked.
 */
export function looksElsewhere(ledger: Ledger, increment: string, datasetHash: string): string | undefined {
  const all = looksByIncrement(ledger, datasetHash)
  const others = all.filter((one) => one.increment !== increment)
  if (others.length === 0) return undefined
  const own = all.find((one) => one.increment === increment)?.looks ?? 0
  const shown = others.slice(0, MOST).map((one) => `${one.looks} by ${one.increment}`)
  const more = others.length > MOST ? `, and by ${others.length - MOST} more increments` : ''
  return `looks at these very labels over all increments: ${own} by ${increment}, ${shown.join(', ')}${more}, each with a budget of its own`
}

const MOST = 5
