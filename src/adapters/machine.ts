import { type CpuInfo, cpus, freemem, totalmem } from 'node:os'
import { gpuCount, listGpus } from './gpu/nvidia.ts'

/** What this machine can give to runs. */
export interface Capacity {
  cpus: number
  memoryBytes: number
  gpus: number
}

let known: CpuInfo[] | undefined

/** Asked of the system once: a look takes a millisecond, and every scheduling needs their number. */
function processors(): CpuInfo[] {
  known ??= cpus()
  return known
}

/** @param limits of ml.yaml, which may only lower what the machine has. */
export function machineCapacity(limits: { cpus?: number; memory_gb?: number; gpus?: number }): Capacity {
  return {
    cpus: Math.min(processors().length, limits.cpus ?? Number.POSITIVE_INFINITY),
    memoryBytes: Math.min(totalmem(), (limits.memory_gb ?? Number.POSITIVE_INFINITY) * 1024 ** 3),
    gpus: limits.gpus === 0 ? 0 : Math.min(gpuCount(), limits.gpus ?? Number.POSITIVE_INFINITY),
  }
}

/** @param gpus indices of the GPUs that a run was given; only these are named. */
export function hardware(gpus: readonly number[]): Record<string, unknown> {
  const [first] = processors()
  const given = gpus.length > 0 ? listGpus().filter(({ index }) => gpus.includes(index)) : []
  return {
    cpus: processors().length,
    cpu_model: first?.model,
    memory_bytes: totalmem(),
    free_memory_bytes: freemem(),
    platform: process.platform,
    arch: process.arch,
    ...(given.length > 0
      ? { gpus: given.map(({ name, memoryBytes }) => ({ name, memory_bytes: memoryBytes })) }
      : {}),
  }
}
