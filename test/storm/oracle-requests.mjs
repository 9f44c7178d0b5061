// What was promised: every acknowledged run exists, and a repeated request is the same run.
import { statSync } from 'node:fs'
import { readJson } from './arena.mjs'

export function checkRequests({ arena, acknowledged }, answers) {
  const folders = arena.runFolders()
  const violations = []
  for (const { run, key, seeds } of acknowledged) {
    for (const id of [run, ...(seeds ?? []).map((seed) => `${run}/s${seed}`)])
      if (!folders.has(id)) violations.push(`${id} (${key}) was acknowledged and is not there`)
  }
  return [...violations, ...repeats(arena, folders, answers)]
}

/** Two runs of one request: right only where the first had ended, and not well, before the second was made. */
function repeats(arena, folders, answers) {
  const byKey = new Map()
  for (const [run, folder] of folders) {
    const record = readJson(`${folder}/run.json`)
    if (record?.made_by !== 'lab' || record.parent) continue
    const key = record.command[2]
    byKey.set(key, [...(byKey.get(key) ?? []), { run, folder, made: statSync(folder).birthtimeMs, record }])
  }
  return [...byKey].flatMap(([key, runs]) => {
    runs.sort((a, b) => a.made - b.made)
    return runs.slice(1).flatMap((second, n) => {
      const first = runs[n]
      const state = answers.runs.get(first.run)?.state
      // Judged lost, a run may be repeated before its end is written down.
      if (state === 'lost' || (first.record.children && state !== 'succeeded')) return []
      const over =
        modified(`${first.folder}/stop.json`) ??
        arena.ends.get(first.run) ??
        modified(`${first.folder}/end.json`)
      if (state !== 'succeeded' && over !== undefined && over <= second.made) return []
      return [
        `${key}: the same request made ${first.run} (${state}) and ${second.run}, ${((over - second.made) / 1000).toFixed(3)} s before the first was over`,
      ]
    })
  })
}

function modified(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs
}
