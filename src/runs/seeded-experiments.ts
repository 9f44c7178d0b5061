import type { Index } from '../store/index-db.ts'
import type { RunRecord } from './record.ts'

/** A script with its parameters, over its seeds. */
export interface SeededExperiment {
  /** The run that gathers the seeds; of one that has none, the run. */
  name: string
  runs: string[]
}

/** The run that gathers a run's seeds, by its name. */
export function parentOf(run: string): string | undefined {
  return /^([^/]+\/[^/]+)\/s-?\d+$/.exec(run)?.[1]
}

/** The experiments that runs belong to, each with all of its seeds; those of a repetition by the same code belong together. */
export function seededExperiments(index: Index, runs: readonly { run: string }[]): SeededExperiment[] {
  const byName = new Map(
    runs.map(({ run }) => {
      const parent = parentOf(run)
      return [parent ?? run, parent ? seedsOf(index, parent) : [run]] as const
    }),
  )
  const byRequest = new Map<string, SeededExperiment>()
  for (const [name, of] of byName) {
    const key = requestOf(index, of[0] ?? name) ?? name
    const same = byRequest.get(key)
    if (!same) byRequest.set(key, { name, runs: of })
    else
      byRequest.set(key, {
        name: of.length > same.runs.length ? name : same.name,
        runs: [...same.runs, ...of],
      })
  }
  return [...byRequest.values()]
}

/** The runs of a run that gathers seeds, in the order of their names; none of any other run. */
export function seedsOf(index: Index, parent: string): string[] {
  return index.driver
    .all('SELECT run FROM runs WHERE run > ? AND run < ? AND aside IS NULL ORDER BY run', [
      `${parent}/`,
      `${parent}0`,
    ])
    .map(({ run }) => String(run))
    .filter((run) => parentOf(run) === parent)
}

/** What makes a run but its seed; `undefined` where no code was recorded, so that nothing says that two are the same. */
function requestOf(index: Index, run: string): string | undefined {
  const text = index.driver.get('SELECT record FROM runs WHERE run = ?', [run])?.record
  const record = typeof text === 'string' ? (JSON.parse(text) as RunRecord) : undefined
  if (!record?.code) return undefined
  const { command, cwd, params, dataset, env, interpreter, code } = record
  return JSON.stringify([command, cwd, params, dataset, env, interpreter, code.git_sha, code.hash])
}
