import { join } from 'node:path'
import { readJson, writeFileAtomic } from '../../adapters/files.ts'
import type { Difference } from '../../evidence/comparison.ts'
import type { IncrementRef } from '../../increments/load.ts'
import type { PairedDifference } from '../../reports/differences.ts'
import type { SeedDifferenceFact } from '../../reports/seed-differences.ts'

/** `experiments/differences.json`: the paired tests of the last validation, so that documents can be made without the lab. */
interface Kept {
  format: 1
  metric: string
  split: 'validation'
  differences: KeptDifference[]
  /** Of experiments over their seeds; absent where none had several. */
  over_seeds?: SeedDifferenceFact[]
}

export type KeptDifference = Difference & Pick<PairedDifference, 'tests'>

/** What was compared at a validation. */
export interface Compared {
  differences: KeptDifference[]
  overSeeds: SeedDifferenceFact[]
}

function fileOf(increment: IncrementRef): string {
  return join(increment.path, 'experiments', 'differences.json')
}

export function keepDifferences(
  increment: IncrementRef,
  metric: string,
  { differences, overSeeds }: Compared,
): void {
  const kept: Kept = {
    format: 1,
    metric,
    split: 'validation',
    differences: [...differences],
    ...(overSeeds.length > 0 ? { over_seeds: overSeeds } : {}),
  }
  if (JSON.stringify(readJson(fileOf(increment))) === JSON.stringify(kept)) return
  writeFileAtomic(fileOf(increment), `${JSON.stringify(kept, undefined, 2)}\n`)
}

/** Whatever metric they were made for. @param folder of the increment */
export function readKept(folder: string): Compared & { metric: string } {
  const kept = readJson<Kept>(join(folder, 'experiments', 'differences.json'))
  if (!kept || !Array.isArray(kept.differences)) return { metric: '', differences: [], overSeeds: [] }
  return { metric: kept.metric, differences: kept.differences, overSeeds: kept.over_seeds ?? [] }
}

/** @returns none where they were made for another metric. */
export function keptDifferences(increment: IncrementRef, metric: string | undefined): Compared {
  const kept = readJson<Kept>(fileOf(increment))
  if (!kept || kept.metric !== metric) return { differences: [], overSeeds: [] }
  return { differences: kept.differences, overSeeds: kept.over_seeds ?? [] }
}
