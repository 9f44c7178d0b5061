import { execFileSync } from 'node:child_process'

export interface Gpu {
  index: number
  uuid: string
  name: string
  memoryBytes: number
}

let known: { gpus: Gpu[]; path: string | undefined } | undefined

/** The whole GPUs that `nvidia-smi` lists; none where it is missing or fails. Asked once for each PATH. */
export function listGpus(): Gpu[] {
  const path = process.env.PATH
  if (known?.path !== path) known = { gpus: query(), path }
  return known?.gpus ?? []
}

export function gpuCount(): number {
  return listGpus().length
}

function query(): Gpu[] {
  try {
    const text = execFileSync(
      'nvidia-smi',
      ['--query-gpu=index,uuid,name,memory.total', '--format=csv,noheader,nounits'],
      {
        encoding: 'utf8',
        timeout: 10_000,
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    )
    return text
      .split('\n')
      .map((line) => line.split(',').map((field) => field.trim()))
      .filter((fields) => fields.length === 4 && /^\d+$/.test(fields[0] ?? ''))
      .map(([index, uuid = '', name = '', memory]) => ({
        index: Number(index),
        uuid,
        name,
        memoryBytes: Number(memory) * 1024 ** 2,
      }))
  } catch {
    return []
  }
}
