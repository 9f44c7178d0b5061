import { join } from 'node:path'
import { DATASET_ID, JOB_ID, parseRunId } from '../core/ids.ts'

/** Where things lie under `.specweave/`. The only place that knows these names. */
export interface Layout {
  readonly root: string
  readonly folder: string
  readonly increments: string
  readonly datasets: string
  readonly ledger: string
  /** What was learned, a file each. */
  readonly insights: string
  readonly jobs: string
  readonly code: string
  readonly reservations: string
  /** Code of reproductions while they run. */
  readonly worktrees: string
  readonly docs: string
  readonly config: string
  dataset(id: string): string
}

export function layoutOf(root: string): Layout {
  const folder = join(root, '.specweave')
  const docs = join(folder, 'docs', 'internal')
  return {
    root,
    folder,
    increments: join(folder, 'increments'),
    datasets: join(folder, 'datasets'),
    ledger: join(folder, 'ledger'),
    insights: join(folder, 'insights'),
    jobs: join(folder, 'jobs'),
    code: join(folder, 'code'),
    reservations: join(folder, 'reservations'),
    worktrees: join(folder, 'worktrees'),
    docs,
    config: join(folder, 'ml.yaml'),
    dataset(id: string) {
      const [, name, version] = DATASET_ID.exec(id) ?? []
      if (!name || !version) throw new TypeError(`not a dataset id: ${id}`)
      return join(folder, 'datasets', name, `v${version}`)
    },
  }
}

/** The folder of a run under its increment's folder, or of a job. */
export function runFolder(layout: Layout, incrementFolder: string | undefined, id: string): string {
  if (JOB_ID.test(id)) return join(layout.jobs, id)
  const parsed = parseRunId(id)
  if (!parsed || !incrementFolder) throw new TypeError(`not a run id: ${id}`)
  return join(layout.increments, incrementFolder, 'experiments', parsed.experiment, parsed.child ?? '')
}
