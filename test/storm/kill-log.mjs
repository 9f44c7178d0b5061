// Every kill of the storm, by whoever did it.
import { readLines } from './arena.mjs'

/** @returns {{kind: string, step: string, pid: number, how: string, target?: string}[]} target: the run's folder */
export const kills = (arena) => readLines(arena.path('kills.jsonl'))

/** Table rows: how often each kind of process was killed at each step. */
export function countKills(list, into = new Map()) {
  for (const { kind, step } of list) {
    const key = `${kind}\t${step}`
    into.set(key, (into.get(key) ?? 0) + 1)
  }
  return into
}
