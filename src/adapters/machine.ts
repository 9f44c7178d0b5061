import { cpus, freemem, totalmem } from 'node:os'
import { gpuCount, listGpus } from './gpu/nvidia.ts'

/** What this machine can give to runs. */
export interface Capacity {
  cpus: number
  memoryBytes: number
  gpus: number
}

/** @param limits of ml.yaml, which may only lower what the machine has. */
export function machineCapacity(limits: { cpus?: number; memory_gb?: number; gpus?: number }): Capacity {
  return {
    cpus: Math.min(cpus().length, limits.cpus ?? Number.POSITIVE_INFINITY),
    memoryBytes: Math.min(totalmem(), (limits.memory_gb ?? Number.POSITIVE_INFINITY) * 1024 ** 3),
    gpus: limits.gpus === 0 ? 0 : Math.min(gpuCount(), limits.gpus ?? Number.POSITIVE_INFINITY),
  }
}

/** @param gpus indices of the GPUs that a run was given; only these are named. */
export function hardware(gpus: readonly number[]): Record<string, unknown> {
  const [first] = cpus()
  const given = gpus.length > 0 ? listGpus().filter(({ index }) => gpus.includes(index)) : []
  return {
    cpus: cpus().length,
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
