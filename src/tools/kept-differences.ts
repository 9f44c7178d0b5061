import { join } from 'node:path'
import { readJson, writeFileAtomic } from '../adapters/files.ts'
import type { Difference } from '../evidence/comparison.ts'
import type { IncrementRef } from '../increments/load.ts'

/** `experiments/differences.json`: the paired tests of the last validation, so that documents can be made without the lab. */
interface Kept {
  format: 1
  metric: string
  split: 'validation'
  differences: Difference[]
}

function fileOf(increment: IncrementRef): string {
  return join(increment.path, 'experiments', 'differences.json')
}

export function keepDifferences(
  increment: IncrementRef,
  metric: string,
  differences: readonly Difference[],
): void {
  const kept: Kept = { format: 1, metric, split: 'validation', differences: [...differences] }
  if (JSON.stringify(readJson(fileOf(increment))) === JSON.stringify(kept)) return
  writeFileAtomic(fileOf(increment), `${JSON.stringify(kept, undefined, 2)}\n`)
}

/** @returns none where they were made for another metric. */
export function keptDifferences(increment: IncrementRef, metric: string | undefined): Difference[] {
  const kept = readJson<Kept>(fileOf(increment))
  return kept && kept.metric === metric ? kept.differences : []
}
