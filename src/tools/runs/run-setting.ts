import { Refusal } from '../../core/errors.ts'
import { findDataset } from '../../evidence/datasets.ts'
import { readSpec, resolveIncrement } from '../../increments/load.ts'
import type { Workspace } from '../../store/workspace.ts'
import { closedInWords } from '../judging/recorded-end.ts'

/** What a run takes from its increment. */
export interface RunSetting {
  increment: { id: string; folder: string }
  /** The dataset asked for, else the increment's; `undefined` where there is neither. */
  dataset(asked: string | undefined): { id: string; hash: string } | undefined
}

export function runSetting(workspace: Workspace, typed: string | undefined): RunSetting {
  const increment = resolveIncrement(workspace, typed, 'work')
  const closed = closedInWords(workspace, increment)
  if (closed) {
    throw new Refusal('INCREMENT_CLOSED', `${closed}. It takes no more runs.`, {
      next: [
        {
          tool: 'create_increment',
          arguments: {
            title: `${increment.slug} again`,
            problem_type: readSpec(increment).front.ml.problem.type,
          },
          why: 'begins the next piece of work',
        },
      ],
    })
  }
  const { front } = readSpec(increment)
  return {
    increment: { id: increment.id, folder: increment.folder },
    dataset(asked) {
      const named = asked ?? front.ml.dataset
      if (!named) return undefined
      const record = findDataset(workspace, named)
      return { id: record.dataset, hash: record.hash }
    },
  }
}
