import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createExclusive, replaceFile } from '../adapters/files.ts'
import { lookAhead } from '../adapters/git/working-tree.ts'
import { hardware } from '../adapters/machine.ts'
import { currentProcess } from '../adapters/process/identity.ts'
import { pythonEnvironment, rememberedEnvironment } from '../adapters/python/environment.ts'
import { JOB_ID } from '../core/ids.ts'
import type { Index } from '../store/index-db.ts'
import { isIndexTrouble } from '../store/index-trouble.ts'
import type { Workspace } from '../store/workspace.ts'
import { captureCode, storeCode } from './capture-code.ts'
import type { Claimed } from './claim.ts'
import { endingOf } from './end-state.ts'
import { readFacts } from './facts.ts'
import { completeEnding, type FinishDetails, finishRun } from './finish.ts'
import { endingFromFiles, endingOfScript, indexRun, scriptTimes } from './index-run.ts'
import type { PreflightHooks } from './preflight.ts'
import { preflightFirst } from './preflight-first.ts'
import { type Prepared, prepareRun, type SplitFiles } from './prepare.ts'
import type { RunFacts, RunRecord, Started } from './record.ts'
import type { LaidOut } from './reproduction-code.ts'
import { recordSeen } from './seen-files.ts'
import { settle, whenThereIsRoom } from './settle.ts'
import { startCommand } from './start-command.ts'
import { scriptsOf } from './submit.ts'
import { runWarnings } from './warnings.ts'
import { type Watched, watchRun } from './watch.ts'

/** What the supervisor's host adds to a run's life; `runs/` itself knows no data sets and no lab. */
export interface SupervisorHooks extends PreflightHooks {
  /** Absolute paths of the split files of a dataset. */
  splits(dataset: string): SplitFiles | undefined
  /**
   * What must hold of a run's data before it starts: its files are those that were registered, and keep to their schema.
   * @returns warnings. @throws Refusal, which ends the run as failed, with its message as the reason.
   */
  checkData(folder: string, dataset: string): Promise<string[]>
  /** The split files of a control: the same with their labels dealt anew, in the run's folder. */
  controlSplits(dataset: string, folder: string): Promise<SplitFiles | undefined>
  /** Scores what the run handed in; the run's outcome stands whatever this does. @returns warnings. */
  evaluate(run: string, folder: string, record: RunRecord): Promise<string[]>
  /** Called once the end is written: for documents that list the runs. */
  ended(run: string): Promise<void>
}

/** Carries one claimed run from its start, or from where a dead supervisor left it, to its end. */
export async function superviseRun(
  workspace: Workspace,
  index: Index,
  claimed: Claimed,
  hooks: SupervisorHooks,
): Promise<void> {
  const { run, folder } = claimed
  const facts = readFacts(folder)
  if (!facts || (facts.end && !facts.unfinished)) return
  try {
    if (facts.end) await settle(folder, index, (usable) => completeEnding(usable, run, folder))
    else if (facts.record.made_by !== 'lab') await endScript(index, claimed, facts, hooks)
    else await carry(workspace, index, claimed, facts, hooks)
  } catch (cause) {
    // Removed meanwhile, or moved away with the workspace: whoever finds it there adopts it.
    if (existsSync(join(folder, 'run.json'))) throw cause
    return
  }
  await hooks.ended(run)
}

/** A wrapper that was killed before its first act has started nothing: another is sent, so often at most. */
const STARTS = 3

async function carry(
  workspace: Workspace,
  index: Index,
  claimed: Claimed,
  found: RunFacts,
  hooks: SupervisorHooks,
): Promise<void> {
  const { run, folder } = claimed
  const warnings: string[] = []
  const refused = await preflightFirst(workspace, index, claimed, found, hooks)
  let facts: RunFacts | undefined = found.record.preflight ? readFacts(folder) : found
  if (!facts || facts.end) return
  let described: Promise<void> | undefined
  let watched: Watched | undefined
  for (let starts = 0; ; ) {
    let begun: Begun | undefined
    let failure: unknown = refused?.because
    if (!refused && !facts.started && !facts.stop && starts++ < STARTS) {
      try {
        begun = await whenThereIsRoom(
          folder,
          () => begin(workspace, folder, found.record, claimed, hooks),
          () => existsSync(join(folder, 'stop.json')),
        )
        described = begun.described
        warnings.push(...begun.warnings)
      } catch (cause) {
        failure = cause
      }
    }
    if (begun || facts.started)
      watched = await watchRun(workspace, index, claimed, found.record, begun?.wrapper)
    facts = readFacts(folder)
    if (!facts || facts.end) return
    if (facts.started) break
    if (begun && !facts.stop && starts < STARTS) continue
    await whenThereIsRoom(folder, () => neverStart(folder, facts!, failure))
    facts = readFacts(folder)
    if (!facts || facts.end) return
    // Somebody may have been faster: then the command runs, and is watched in the next turn.
    if (!facts.started || facts.started.never) break
  }
  // The next in the queue starts from the code as it is now: Git looks while this run's end is written.
  if (someQueued(index)) lookAhead(workspace.root)
  await described
  const ended = facts
  warnings.push(...(await seenSafely(workspace, folder)))
  if (ended.exit) warnings.push(...(await evaluateSafely(run, folder, ended, hooks)))
  await settle(folder, index, (usable) => {
    indexRun(usable, run, folder)
    finishRun(usable, run, folder, ended, endingFromFiles(usable, run, ended), {
      judgedBy: claimed.adopted ? 'adopter' : 'supervisor',
      warnings: [
        ...new Set([...(watched?.warnings ?? []), ...warnings, ...runWarnings(usable, run, folder)]),
      ],
      ...measuredUse(watched, ended),
    })
  })
}

/** What its script was seen to read is written down before its end is: a run's outcome stands whatever becomes of that. */
async function seenSafely(workspace: Workspace, folder: string): Promise<string[]> {
  if (!existsSync(join(folder, 'seen'))) return []
  try {
    await whenThereIsRoom(folder, () => recordSeen(workspace.root, folder))
    return []
  } catch (cause) {
    return [
      `what its script was seen to read is not recorded: ${cause instanceof Error ? cause.message : String(cause)}`,
    ]
  }
}

/** Takes the place of the start, where nobody has it: what is ended without one must not be started afterwards. */
function neverStart(folder: string, facts: RunFacts, failure: unknown): void {
  const ending = facts.stop
    ? endingOf({ stop: facts.stop })
    : failure === undefined
      ? { state: 'lost' as const, reason: 'its process ended before the command was started' }
      : { state: 'failed' as const, reason: whyNotStarted(failure) }
  const started: Started = {
    ...currentProcess(),
    pid: -1,
    start_time: '',
    never: { state: ending.state, reason: ending.reason ?? '' },
  }
  createExclusive(join(folder, 'started.json'), `${JSON.stringify(started)}\n`)
}

function whyNotStarted(cause: unknown): string {
  // By its name: what the hooks load comes with a copy of the class of its own.
  return cause instanceof Error && cause.name === 'Refusal'
    ? cause.message
    : `it could not be started: ${String(cause)}`
}

function someQueued(index: Index): boolean {
  try {
    return index.driver.get("SELECT 1 FROM runs WHERE state = 'queued' LIMIT 1") !== undefined
  } catch (cause) {
    if (!isIndexTrouble(cause)) throw cause
    return false
  }
}

function measuredUse(
  watched: Watched | undefined,
  { exit }: RunFacts,
): Pick<FinishDetails, 'resources' | 'asleepS' | 'awakeS' | 'signalled'> {
  const { sampler, signalled } = watched ?? {}
  return {
    resources: sampler?.taken ? { max_rss_bytes: sampler.maxRssBytes, cpu_s: sampler.cpuS } : null,
    asleepS: sampler?.asleepS(exit?.uptime_s),
    awakeS: sampler?.awakeS(),
    signalled,
  }
}

/** A run that a script made by the SDK alone has ended already: it is scored, and its end is written down. */
async function endScript(
  index: Index,
  { run, folder }: Claimed,
  facts: RunFacts,
  hooks: SupervisorHooks,
): Promise<void> {
  const warnings = await evaluateSafely(run, folder, facts, hooks)
  await settle(folder, index, (usable) => {
    indexRun(usable, run, folder)
    finishRun(usable, run, folder, facts, endingOfScript(usable, run), {
      judgedBy: 'supervisor',
      warnings: [...warnings, ...runWarnings(usable, run, folder)],
      resources: null,
      times: scriptTimes(usable, run, facts.record.created),
    })
  })
}

async function evaluateSafely(
  run: string,
  folder: string,
  facts: RunFacts,
  hooks: SupervisorHooks,
): Promise<string[]> {
  try {
    return await whenThereIsRoom(folder, () => hooks.evaluate(run, folder, facts.record))
  } catch (cause) {
    return [`not measured: ${cause instanceof Error ? cause.message : String(cause)}`]
  }
}

interface Begun {
  /** Settles when the wrapper has ended. */
  wrapper: Promise<void>
  /** Settles when run.json names the interpreter and its packages. */
  described: Promise<void>
  warnings: string[]
}

async function begin(
  workspace: Workspace,
  folder: string,
  record: RunRecord,
  claimed: Claimed,
  hooks: SupervisorHooks,
): Promise<Begun> {
  const dataWarnings = record.dataset ? await hooks.checkData(folder, record.dataset) : []
  const splits = !record.dataset
    ? undefined
    : record.control
      ? await hooks.controlSplits(record.dataset, folder)
      : hooks.splits(record.dataset)
  const laidOut = record.reproduces ? await layOut(workspace, folder, record) : { root: workspace.root }
  const prepared = prepareRun(workspace, folder, record, claimed.claim, splits)
  // A job is this program's own work: there is no code of the user's in it.
  const code = JOB_ID.test(record.run)
    ? undefined
    : await captureCode(laidOut.root, scriptsOf(laidOut.root, record))
  if (code) storeCode(workspace.layout, code)
  const environment = prepared.interpreter && rememberedEnvironment(prepared.interpreter.path)
  const described: RunRecord = {
    ...record,
    code: laidOut.code ?? code?.record,
    hardware: hardware(claimed.claim.gpus),
    ...(environment ? { environment } : {}),
  }
  replaceFile(join(folder, 'run.json'), `${JSON.stringify(described, undefined, 2)}\n`)
  const { ended } = startCommand(folder, prepared)
  // Packages do not change within the first second of a run: the command need not wait for their listing.
  return {
    wrapper: ended,
    described: environment
      ? Promise.resolve()
      : describeEnvironment(folder, described, prepared).catch(() => {}),
    warnings: [
      ...dataWarnings,
      ...(code && !code.inGit ? ['the workspace is not in Git: only a copy of the script was kept'] : []),
    ],
  }
}

/** Loaded for reproductions alone. */
async function layOut(workspace: Workspace, folder: string, record: RunRecord): Promise<LaidOut> {
  const { layOutCode } = await import('./reproduction-code.ts')
  return layOutCode(workspace, folder, record)
}

async function describeEnvironment(folder: string, record: RunRecord, prepared: Prepared): Promise<void> {
  if (!prepared.interpreter) return
  const environment = await pythonEnvironment(prepared.interpreter.path)
  if (!environment || !existsSync(folder)) return
  await whenThereIsRoom(folder, () =>
    replaceFile(join(folder, 'run.json'), `${JSON.stringify({ ...record, environment }, undefined, 2)}\n`),
  )
}
