import { Refusal } from '../core/errors.ts'
import { isEnd } from '../core/run-state.ts'
import type { Workspace } from '../store/workspace.ts'
import { checkRequest, type RunRequest } from './check-request.ts'
import type { FoundRun } from './find-run.ts'
import type { Look } from './index-run.ts'
import type { RunRecord } from './record.ts'

/**
 * The request that runs a run's command again on shuffled labels: the same in everything else, its script included.
 * @param dataset the run's, with its hash.
 * @throws Refusal INPUT_INVALID, RUN_NOT_FINISHED with what stands against it.
 */
export function controlRequest(
  workspace: Workspace,
  { run }: FoundRun,
  look: Look | undefined,
  increment: { id: string; folder: string },
  dataset: { id: string; hash: string } | undefined,
): RunRequest {
  if (!look) throw cannot(run, 'its folder is gone')
  const { record } = look.facts
  if (!isEnd(look.judgement.state))
    throw new Refusal(
      'RUN_NOT_FINISHED',
      `${run} is ${look.judgement.state}: it can be controlled when it has succeeded.`,
      { next: [{ tool: 'get_run', arguments: { run, wait_s: 40 }, why: 'waits for its end' }] },
    )
  if (look.judgement.state !== 'succeeded')
    throw cannot(run, `it ${look.judgement.state}, and a control is set beside its predictions`)
  const against = unsuitable(record)
  if (against) throw cannot(run, against)
  if (!dataset)
    throw cannot(run, 'it was run without a registered dataset, so there are no labels to shuffle')
  const request: RunRequest = {
    increment,
    name: record.run
      .split('/')
      .at(-1)!
      .replace(/^exp-\d+-/, ''),
    command: record.command,
    cwd: record.cwd,
    params: record.params,
    dataset,
    env: record.env,
    resources: {
      cpus: record.resources.cpus,
      gpus: record.resources.gpus,
      ...(record.resources.memory_gb === null ? {} : { memory_gb: record.resources.memory_gb }),
    },
    metrics_from: record.metrics_from,
    ...(record.timeout_s === null ? {} : { timeout_s: record.timeout_s }),
    ...(record.seed === null ? {} : { seed: record.seed }),
    ...(record.interpreter ? { interpreter: record.interpreter } : {}),
  }
  if (checkRequest(workspace, request).request !== record.request)
    throw new Refusal(
      'INPUT_INVALID',
      `The script or the data of ${run} is no longer what it ran with, so that a control would be one of another script. Run it again first.`,
      {
        invalid: [{ field: 'of', problem: 'its script was changed since' }],
        next: [
          {
            tool: 'run_experiment',
            arguments: { increment: increment.id, name: request.name, command: record.command },
            why: 'runs the script as it is now; control that run',
          },
        ],
      },
    )
  return { ...request, name: `control-${request.name}`, control: { kind: 'shuffled_labels', of: run } }
}

function unsuitable(record: RunRecord): string | undefined {
  if (record.made_by !== 'lab') return 'it was started by hand: start its script by run_experiment'
  if (record.control) return `it is itself a control, of ${record.control.of}`
  if (record.reproduces) return `it is a repetition of ${record.reproduces}: control that run`
  if (record.baseline) return 'it is a baseline of the lab, made by its own code'
  if (record.children)
    return `it only gathers child runs: name one of them, such as ${record.run}/${record.children[0]}`
  if (record.masked)
    return 'its command held secrets that are not kept, so that it cannot be started from its record'
  return undefined
}

function cannot(run: string, why: string): Refusal {
  return new Refusal('INPUT_INVALID', `${run} cannot be run on shuffled labels: ${why}.`, {
    invalid: [{ field: 'of', problem: why }],
  })
}
