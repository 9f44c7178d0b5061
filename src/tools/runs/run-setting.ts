import { Refusal } from '../../core/errors.ts'
import { findDataset } from '../../evidence/datasets.ts'
import { readLedger } from '../../evidence/ledger.ts'
import { type IncrementRef, readSpec, resolveIncrement } from '../../increments/load.ts'
import { isClosed } from '../../increments/metadata.ts'
import type { Workspace } from '../../store/workspace.ts'
import { recordedEnd, statusProblem } from '../judging/recorded-end.ts'

/** What a run takes from its increment. */
export interface RunSetting {
  increment: { id: string; folder: string }
  /** The dataset asked for, else the increment's; `undefined` where there is neither. */
  dataset(asked: string | undefined): { id: string; hash: string } | undefined
}

export function runSetting(workspace: Workspace, typed: string | undefined): RunSetting {
  const increment = resolveIncrement(workspace, typed, 'work')
  const closed = closedAs(workspace, increment)
  if (closed) {
    throw new Refusal('INCREMENT_CLOSED', closed, {
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

/** Why it takes no more runs. The ledger tells it too: whoever takes back a status by hand opens nothing. */
function closedAs(workspace: Workspace, increment: IncrementRef): string | undefined {
  if (isClosed(increment.status)) return `${increment.folder} is ${increment.status}: it takes no more runs.`
  const problem = statusProblem(increment, recordedEnd(readLedger(workspace), increment.id))
  return problem && `${problem}. It takes no more runs.`
}
