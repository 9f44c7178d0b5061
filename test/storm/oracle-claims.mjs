// The trace of claims that the preload keeps: each made once, and none while the one before it was held by a live process.
import { readLines } from './arena.mjs'

export function checkClaims({ arena }) {
  const claims = new Map()
  const violations = []
  for (const { path, pid, previous_lives } of readLines(arena.path('claims.jsonl'))) {
    claims.set(path, [...(claims.get(path) ?? []), pid])
    if (previous_lives)
      violations.push(
        `${path} was made by ${pid} although process ${previous_lives}, which held the run, lived`,
      )
  }
  for (const [path, pids] of claims)
    if (pids.length > 1) violations.push(`${path} was made ${pids.length} times, by ${pids}`)
  return violations
}
