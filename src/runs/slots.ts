import type { Capacity } from '../adapters/machine.ts'
import type { RunRecord } from './record.ts'

type Resources = RunRecord['resources']

/** What a run that has not ended holds. */
export interface Holding {
  resources: Resources
  gpus: readonly number[]
}

export interface Free {
  cpus: number
  memoryBytes: number
  /** Indices of the GPUs that no run holds. */
  gpus: number[]
}

export function freeSlots(capacity: Capacity, holding: readonly Holding[]): Free {
  const used = new Set(holding.flatMap(({ gpus }) => gpus))
  return {
    cpus: capacity.cpus - holding.reduce((sum, { resources }) => sum + resources.cpus, 0),
    memoryBytes:
      capacity.memoryBytes -
      holding.reduce((sum, { resources }) => sum + (resources.memory_gb ?? 0) * 1024 ** 3, 0),
    gpus: Array.from({ length: capacity.gpus }, (_, index) => index).filter((index) => !used.has(index)),
  }
}

function fits(free: Free, resources: Resources): boolean {
  return (
    resources.cpus <= free.cpus &&
    (resources.memory_gb ?? 0) * 1024 ** 3 <= free.memoryBytes &&
    resources.gpus <= free.gpus.length
  )
}

/**
 * Which queued runs may start now, first come first served. One that waits for a GPU alone lets those pass that need
 * none; one that waits for CPUs or memory keeps its place, so that a large run is not passed for ever.
 */
export function runsThatFit<Q extends { resources: Resources }>(
  queued: readonly Q[],
  free: Free,
): { run: Q; gpus: number[] }[] {
  const left: Free = { ...free, gpus: [...free.gpus] }
  const chosen: { run: Q; gpus: number[] }[] = []
  for (const run of queued) {
    if (fits(left, run.resources)) {
      left.cpus -= run.resources.cpus
      left.memoryBytes -= (run.resources.memory_gb ?? 0) * 1024 ** 3
      chosen.push({ run, gpus: left.gpus.splice(0, run.resources.gpus) })
    } else if (run.resources.gpus <= left.gpus.length) break
  }
  return chosen
}
