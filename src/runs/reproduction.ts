import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { confine } from '../adapters/files.ts'
import { withLock } from '../adapters/process/lock.ts'
import { canonicalJson } from '../core/canonical-json.ts'
import { parseRunId } from '../core/ids.ts'
import { isEnd } from '../core/run-state.ts'
import { MASK } from '../core/secrets.ts'
import type { Index } from '../store/index-db.ts'
import { sql } from '../store/schema.ts'
import type { Workspace } from '../store/workspace.ts'
import { checkedResources } from './check-request.ts'
import type { FoundRun } from './find-run.ts'
import { indexRun, LIVE_STATES, type Look } from './index-run.ts'
import { createRunFolder } from './naming.ts'
import type { CodeRecord, RunRecord } from './record.ts'
import { refreshIncrement } from './refresh.ts'
import { impossible, requireCode } from './reproduction-code.ts'
import { writeRunFiles } from './submit.ts'

/** A run that was asked for to repeat another. */
export interface Reproduction extends FoundRun {
  /** It was there already. */
  reused: boolean
}

/** A run that can be repeated: it has ended well, and its record says how it was made. */
export type Repeatable = RunRecord & { code: CodeRecord }

/**
 * Whether a run can be run again from what is recorded of it.
 * @throws Refusal REPRODUCTION_IMPOSSIBLE with the reason.
 */
export function requireRepeatable({ run }: FoundRun, look: Look | undefined): Repeatable {
  if (!look) throw impossible(run, 'has no record: its folder is gone')
  const { record } = look.facts
  const { state } = look.judgement
  if (!parseRunId(run))
    throw impossible(run, 'is a job of this program: there is nothing of yours in it to repeat')
  if (record.reproduces)
    throw impossible(run, `is itself a repetition, of ${record.reproduces}`, {
      tool: 'reproduce_run',
      arguments: { run: record.reproduces },
      why: 'repeats the run itself',
    })
  if (record.control)
    throw impossible(
      run,
      `is a control of ${record.control.of}, on shuffled labels: there is no result in it`,
      {
        tool: 'reproduce_run',
        arguments: { run: record.control.of },
        why: 'repeats the run itself',
      },
    )
  if (record.children)
    throw impossible(
      run,
      `only gathers its child runs, one for each seed (${record.children.slice(0, 10).join(', ')}): name one of them`,
      ...record.children.slice(0, 3).map((child) => ({
        tool: 'reproduce_run',
        arguments: { run: `${run}/${child}` },
        why: `repeats ${child}`,
      })),
    )
  if (record.baseline)
    throw impossible(run, 'is a baseline of the lab, made by its own code and no code of yours', {
      tool: 'run_baselines',
      arguments: { increment: run.split('/')[0] },
      why: 'has the baselines made, where they are missing',
    })
  if (record.made_by !== 'lab')
    throw impossible(
      run,
      'was started outside the lab, which therefore does not know its environment and cannot start it in the same way. Let run_experiment start the script: that run can be repeated',
      {
        tool: 'run_experiment',
        arguments: { name: record.run.split('/').at(-1), command: record.command },
        why: 'starts the script as a run that can be repeated',
      },
    )
  if (!isEnd(state)) throw impossible(run, `is ${state}: it can be repeated when it has ended`)
  if (state !== 'succeeded')
    throw impossible(
      run,
      `${state === 'lost' ? 'was lost' : state.replace('_', ' ')}: only what succeeded has a result that could come out the same`,
    )
  if (record.masked)
    throw impossible(
      run,
      `was given secrets${secretNames(record)}, which are not kept in a record: it cannot be started in the same way. Let the script read them from a file or a variable of this machine, and run it anew`,
    )
  if (!record.code) throw impossible(run, 'does not say which code it was made from')
  return record as Repeatable
}

function secretNames({ env }: RunRecord): string {
  const names = Object.entries(env)
    .filter(([, value]) => value.includes(MASK))
    .map(([name]) => name)
  return names.length > 0 ? ` (${names.slice(0, 5).join(', ')})` : ''
}

/** The repetition of a run that answers the same call again: the newest that lives or has ended. */
export function findReproduction(index: Index, run: string): FoundRun | undefined {
  return index.first(
    sql
      .selectFrom('runs')
      .select(['run', 'folder'])
      .where('request', '=', requestOf(run))
      .orderBy('created', 'desc')
      .orderBy('run', 'desc'),
  )
}

/**
 * Queues a run's repetition: a run of its own with the same command, data, parameters, seed and environment, whose code
 * its supervisor lays out in a clean working tree. Scheduling is the caller's next step.
 * @param increment its folder's name.
 * @param again also where there is one already that has ended.
 * @throws Refusal REPRODUCTION_IMPOSSIBLE, RESOURCES_UNAVAILABLE; then nothing was queued.
 */
export async function submitReproduction(
  workspace: Workspace,
  index: Index,
  { run, increment, record, again }: { run: string; increment: string; record: Repeatable; again: boolean },
): Promise<Reproduction> {
  // A record can be edited: nothing is started outside the workspace.
  confine(workspace.root, record.cwd)
  const subfolder = await requireCode(workspace, run, record.code)
  const resources = checkedResources(workspace, {
    cpus: record.resources.cpus,
    gpus: record.resources.gpus,
    ...(record.resources.memory_gb === null ? {} : { memory_gb: record.resources.memory_gb }),
  })
  const [id = ''] = run.split('/')
  return withLock(
    join(workspace.layout.reservations, `submit-${id}.lock`),
    () => {
      refreshIncrement(workspace, index, { id, folder: increment })
      const known = findReproduction(index, run)
      const state = known && indexRun(index, known.run, known.folder)?.judgement.state
      if (known && state && (!again || LIVE_STATES.includes(state))) return { ...known, reused: true }
      const asked = { ...repeated(run, record), resources, ...(subfolder === '' ? {} : { subfolder }) }
      return { ...create(workspace, index, id, increment, asked), reused: false }
    },
    { timeoutS: 30, foreignTimeoutS: 5 },
  )
}

function create(
  workspace: Workspace,
  index: Index,
  id: string,
  increment: string,
  asked: RunRecord,
): FoundRun {
  const experiments = join(workspace.layout.increments, increment, 'experiments')
  const name = `${(asked.reproduces ?? '').split('/').slice(1).join('-')}-reproduced`
  const final = createRunFolder(workspace.layout, experiments, id, name, (folder, final) =>
    // Nothing was masked, so that the record is the whole request.
    writeRunFiles(folder, join(experiments, final), { ...asked, run: `${id}/${final}` }, asked as never),
  )
  const found = { run: `${id}/${final}`, folder: join(experiments, final) }
  indexRun(index, found.run, found.folder)
  return found
}

/** What is asked for again. What the first run's supervisor found out is found out anew. */
function repeated(run: string, record: Repeatable): RunRecord {
  const { command, cwd, params, dataset, seed, previous, timeout_s, metrics_from, env, interpreter } = record
  return {
    format: 1,
    run: '',
    created: new Date().toISOString(),
    made_by: 'lab',
    command,
    cwd,
    params,
    dataset,
    seed,
    parent: null,
    // The script finds what it found: the attempt before the run, not the run.
    previous,
    baseline: null,
    timeout_s,
    resources: record.resources,
    metrics_from,
    env,
    request: requestOf(run),
    ...(interpreter ? { interpreter } : {}),
    reproduces: run,
  }
}

/** It must not answer a request for the experiment itself. */
function requestOf(run: string): string {
  return createHash('sha256')
    .update(canonicalJson({ reproduces: run }))
    .digest('hex')
}
