// What the store's figures measure from inside, bundled as the program is.
import { type SampledCurve, sampleIndexed } from '../src/runs/curve-chunks.ts'
import type { Index } from '../src/store/index-db.ts'

export { indexRun } from '../src/runs/index-run.ts'
export { listRuns } from '../src/runs/list-runs.ts'
export { rankRuns } from '../src/runs/rank-runs.ts'
export { rebuildIndex, refreshIndex } from '../src/runs/refresh.ts'
export { summarizeRun } from '../src/runs/summary.ts'
export { closeIndexes, openIndex } from '../src/store/index-db.ts'
export { openWorkspace } from '../src/store/workspace.ts'

/** As `get_run` samples it. */
export function curveOf(index: Index, run: string, name: string): SampledCurve {
  return sampleIndexed(index, run, name)
}
