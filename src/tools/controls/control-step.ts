import { Refusal } from '../../core/errors.ts'
import { findDataset } from '../../evidence/datasets.ts'
import { controlRequest } from '../../runs/control-request.ts'
import { findRun } from '../../runs/find-run.ts'
import { indexRun } from '../../runs/index-run.ts'
import { type Submitted, submitRun } from '../../runs/submit.ts'
import type { Index } from '../../store/index-db.ts'
import type { Workspace } from '../../store/workspace.ts'
import { runSetting } from '../runs/run-setting.ts'

/** What is the controlled run's own, and cannot be asked for anew. */
const ITS_OWN = [
  'name',
  'command',
  'dataset',
  'params',
  'metrics_from',
  'cwd',
  'env',
  'timeout_s',
  'resources',
  'seeds',
  'preflight',
  'experiments',
]

/** @throws Refusal INPUT_INVALID where `control` and `of` do not stand together and alone. */
export function checkControlInput(input: Record<string, unknown>): void {
  if (input.control === undefined || input.of === undefined)
    throw new Refusal('INPUT_INVALID', 'A control needs `control` and the run that it is of.', {
      missing: [input.control === undefined ? 'control' : 'of'],
    })
  const more = ITS_OWN.filter((name) => input[name] !== undefined)
  if (more.length > 0)
    throw new Refusal(
      'INPUT_INVALID',
      `A control runs what its run ran: leave out ${more.join(', ')}, or it would be a control of something else.`,
      { invalid: more.map((field) => ({ field, problem: 'is taken from the run named in of' })) },
    )
}

/** Queues the control of a run with shuffled labels, or gives the one that is there. */
export async function submitControl(
  workspace: Workspace,
  index: Index,
  of: string,
  again: boolean,
): Promise<Submitted> {
  const found = findRun(index, of)
  const look = indexRun(index, found.run, found.folder)
  const { increment } = runSetting(workspace, found.run.split('/')[0])
  const named = look?.facts.record.dataset
  const dataset = named ? findDataset(workspace, named) : undefined
  if (dataset && dataset.problem_type !== 'classification' && dataset.problem_type !== 'regression')
    throw new Refusal(
      'INPUT_INVALID',
      `Labels are shuffled for a classification or a regression; ${dataset.dataset} is a ${dataset.problem_type}.`,
      { invalid: [{ field: 'of', problem: `is a ${dataset.problem_type}` }] },
    )
  const request = controlRequest(
    workspace,
    found,
    look,
    increment,
    dataset && { id: dataset.dataset, hash: dataset.hash },
  )
  return submitRun(workspace, index, { ...request, again })
}
