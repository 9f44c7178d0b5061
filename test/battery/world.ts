import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

export const PYTHON = process.env.SPECWEAVE_TEST_PYTHON ?? 'python3'
export const BATTERY_PYTHON = join(import.meta.dirname, 'python')

export type Kind = 'classification' | 'regression' | 'time_series'

/** What is varied by a seed: the data and its columns' names, how scripts read it, which model they train. */
export interface World {
  kind: Kind
  /** 0 is the plain one; every other is drawn. */
  seed: number
  data: string
  rows: number
  id: string
  target: string
  positive?: string
  time?: string
  features: string[]
  loader: 'sdk' | (typeof LOADERS)[number]
  model: (typeof MODELS)[number]
}

const LOADERS = ['pandas', 'polars', 'csv'] as const
const MODELS = ['linear', 'forest', 'boosting'] as const

/** Writes the source of a world and tells what it is. */
export function makeWorld(kind: Kind, seed: number, out: string): World {
  const program = join(BATTERY_PYTHON, 'worlds.py')
  const told = execFileSync(PYTHON, [program, '--kind', kind, '--seed', String(seed), '--out', out], {
    encoding: 'utf8',
  })
  // Three seeds in a row have three libraries and three models; the plain world has the SDK.
  const loader = seed === 0 ? 'sdk' : LOADERS[seed % LOADERS.length]!
  const model = seed === 0 ? 'linear' : MODELS[(2 * seed + kind.length) % MODELS.length]!
  return {
    ...(JSON.parse(told) as Omit<World, 'kind' | 'seed' | 'loader' | 'model'>),
    kind,
    seed,
    loader,
    model,
  }
}

/** What the scripts' module `desk` reads of it. */
export function worldEnvironment(world: World, source: string): Record<string, string> {
  return {
    // Small data: threads would only be in each other's way.
    OMP_NUM_THREADS: '1',
    OPENBLAS_NUM_THREADS: '1',
    BATTERY_KIND: world.kind,
    BATTERY_SOURCE: source,
    BATTERY_TARGET: world.target,
    BATTERY_LOADER: world.loader,
    BATTERY_MODEL: world.model,
    ...(world.positive ? { BATTERY_POSITIVE: world.positive } : {}),
  }
}
