import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { readJson, writeFileAtomic } from '../adapters/files.ts'
import { hardware } from '../adapters/machine.ts'
import { processesOfRun } from '../adapters/process/group.ts'
import { liveness } from '../adapters/process/identity.ts'
import { pythonEnvironment } from '../adapters/python/environment.ts'
import { sleep } from '../core/clock.ts'
import { Refusal } from '../core/errors.ts'
import { JOB_ID } from '../core/ids.ts'
import type { Index } from '../store/index-db.ts'
import type { Workspace } from '../store/workspace.ts'
import { captureCode, storeCode } from './capture-code.ts'
import type { Claimed } from './claim.ts'
import { readFacts } from './facts.ts'
import { finishRun } from './finish.ts'
import { endingFromFiles, endingOfScript, indexRun, scriptTimes } from './index-run.ts'
import { MetricsFrom } from './metrics-from.ts'
import { type Prepared, prepareRun, type SplitFiles } from './prepare.ts'
import type { Exit, RunFacts, RunRecord } from './record.ts'
import { Sampler } from './samples.ts'
import { startCommand } from './start-command.ts'
import { endProcesses, requestStop } from './stop.ts'
import { scriptsOf } from './submit.ts'
import { runWarnings } from './warnings.ts'

/** What the supervisor's host adds to a run's life; `runs/` itself knows no data sets and no lab. */
export interface SupervisorHooks {
  /** Absolute paths of the split files of a dataset. */
  splits(dataset: string): SplitFiles | undefined
  /** Scores what the run handed in; the run's outcome stands whatever this does. @returns warnings. */
  evaluate(run: string, folder: string, record: RunRecord): Promise<string[]>
  /** Called once the end is written: for documents that list the runs. */
  ended(run: string): Promise<void>
}

const TICK_MS = 250
const INGEST_EVERY_S = 2

/** Carries one claimed run from its start, or from where a dead supervisor left it, to its end. */
export async function superviseRun(
  workspace: Workspace,
  index: Index,
  claimed: Claimed,
  hooks: SupervisorHooks,
): Promise<void> {
  const { run, folder } = claimed
  let facts = readFacts(folder)
  if (!facts || facts.end) return
  if (facts.record.made_by !== 'lab') return endScript(index, claimed, facts, hooks)
  const warnings: string[] = []
  let wrapper: Promise<void> | undefined
  let described: Promise<void> | undefined
  if (!facts.started && !facts.stop) {
    try {
      const begun = await begin(workspace, folder, facts.record, claimed, hooks)
      wrapper = begun.wrapper
      described = begun.described
      warnings.push(...begun.warnings)
    } catch (cause) {
      const reason = cause instanceof Refusal ? cause.message : `it could not be started: ${String(cause)}`
      finishRun(
        index,
        run,
        folder,
        readFacts(folder) ?? facts,
        { state: 'failed', reason },
        { judgedBy: 'supervisor', warnings, resources: null },
      )
      return
    }
  }
  const watched = await watch(workspace, index, claimed, facts.record, wrapper)
  facts = readFacts(folder) ?? facts
  warnings.push(...watched.warnings)
  if (facts.end) return
  await described
  indexRun(index, run, folder)
  if (facts.exit) warnings.push(...(await evaluateSafely(run, folder, facts, hooks)))
  indexRun(index, run, folder)
  warnings.push(...runWarnings(index, run, folder))
  const ending = endingFromFiles(index, run, facts)
  finishRun(index, run, folder, facts, ending, {
    judgedBy: claimed.adopted ? 'adopter' : 'supervisor',
    warnings: [...new Set(warnings)],
    resources: watched.sampler?.taken
      ? { max_rss_bytes: watched.sampler.maxRssBytes, cpu_s: watched.sampler.cpuS }
      : null,
    awakeS: watched.sampler?.awakeS(),
    signalled: watched.signalled,
  })
  await hooks.ended(run)
}

/** A run that a script made by the SDK alone has ended already: it is scored, and its end is written down. */
async function endScript(
  index: Index,
  { run, folder }: Claimed,
  facts: RunFacts,
  hooks: SupervisorHooks,
): Promise<void> {
  const warnings = await evaluateSafely(run, folder, facts, hooks)
  indexRun(index, run, folder)
  warnings.push(...runWarnings(index, run, folder))
  finishRun(index, run, folder, facts, endingOfScript(index, run), {
    judgedBy: 'supervisor',
    warnings,
    resources: null,
    times: scriptTimes(index, run, facts.record.created),
  })
  await hooks.ended(run)
}

async function evaluateSafely(
  run: string,
  folder: string,
  facts: RunFacts,
  hooks: SupervisorHooks,
): Promise<string[]> {
  try {
    return await hooks.evaluate(run, folder, facts.record)
  } catch (cause) {
    return [`not measured: ${cause instanceof Error ? cause.message : String(cause)}`]
  }
}

async function begin(
  workspace: Workspace,
  folder: string,
  record: RunRecord,
  claimed: Claimed,
  hooks: SupervisorHooks,
): Promise<{ wrapper: Promise<void>; described: Promise<void>; warnings: string[] }> {
  const splits = record.dataset ? hooks.splits(record.dataset) : undefined
  const prepared = prepareRun(workspace, folder, record, claimed.claim, splits)
  // A job is this program's own work: there is no code of the user's in it.
  const code = JOB_ID.test(record.run)
    ? undefined
    : await captureCode(workspace.root, scriptsOf(workspace.root, record))
  if (code) storeCode(workspace.layout, code)
  const described: RunRecord = { ...record, code: code?.record, hardware: hardware(claimed.claim.gpus) }
  writeFileAtomic(join(folder, 'run.json'), `${JSON.stringify(described, undefined, 2)}\n`)
  const { ended } = startCommand(folder, prepared)
  // Packages do not change within the first second of a run: the command need not wait for their listing.
  return {
    wrapper: ended,
    described: describeEnvironment(folder, described, prepared),
    warnings: code && !code.inGit ? ['the workspace is not in Git: only a copy of the script was kept'] : [],
  }
}

async function describeEnvironment(folder: string, record: RunRecord, prepared: Prepared): Promise<void> {
  if (!prepared.interpreter) return
  const environment = await pythonEnvironment(prepared.interpreter.path)
  if (environment && existsSync(folder)) {
    writeFileAtomic(join(folder, 'run.json'), `${JSON.stringify({ ...record, environment }, undefined, 2)}\n`)
  }
}

interface Watched {
  sampler: Sampler | undefined
  warnings: string[]
  signalled: boolean
}

/** Waits for the end of the command: by the wrapper's own end where this process started it, else by its files. */
async function watch(
  workspace: Workspace,
  index: Index,
  { run, folder }: Claimed,
  record: RunRecord,
  wrapper: Promise<void> | undefined,
): Promise<Watched> {
  const warnings: string[] = []
  let wrapperEnded = false
  let failure: unknown
  const woken = wrapper?.then(
    () => {
      wrapperEnded = true
    },
    (cause) => {
      failure = cause
      wrapperEnded = true
    },
  )
  const metricsFrom = new MetricsFrom(workspace.root, folder, record)
  let sampler: Sampler | undefined
  let nextIngest = 0
  let nextSample = 0
  let stopping: Promise<boolean> | undefined
  let signalled = false
  for (;;) {
    const facts = readFacts(folder)
    if (!facts || facts.end || failure) break
    if (facts.started) {
      sampler ??= new Sampler(folder, statSync(join(folder, 'started.json')).mtimeMs)
      const age = sampler.awakeS()
      if (facts.exit || readJson<Exit>(join(folder, 'exit.json'))) break
      if (liveness(facts.started) !== 'alive' && processesOfRun(facts.started.pid, folder).length === 0) {
        // The exit code may have come between the two looks.
        if (!readJson<Exit>(join(folder, 'exit.json'))) await sleep(50)
        break
      }
      if (record.timeout_s !== null && age > record.timeout_s && !facts.stop) {
        requestStop(folder, 'timeout', `it ran past its timeout of ${record.timeout_s} s`)
      }
      if (logBytes(folder) > workspace.config.limits.log_bytes && !facts.stop) {
        requestStop(
          folder,
          'log_limit',
          `its logs grew past limits.log_bytes (${workspace.config.limits.log_bytes})`,
        )
      }
      if (age >= nextSample) {
        sampler.take(facts.started.pid)
        nextSample = age + Math.min(30, Math.max(1, age / 20))
      }
      if (age >= nextIngest) {
        metricsFrom.take()
        indexRun(index, run, folder)
        nextIngest = age + INGEST_EVERY_S
      }
    } else if (wrapperEnded || (facts.stop && !wrapper)) break
    if (facts.stop && !stopping) {
      stopping = endProcesses(folder).then((sent) => {
        signalled ||= sent
        stopping = undefined
        return sent
      })
    }
    const tick = sleep(wrapperEnded ? 20 : TICK_MS)
    await (woken && !wrapperEnded ? Promise.race([woken, tick]) : tick)
  }
  await stopping
  if (failure) warnings.push(`the wrapper could not be started: ${String(failure)}`)
  warnings.push(...metricsFrom.take(true))
  return { sampler, warnings, signalled }
}

function logBytes(folder: string): number {
  return ['stdout.log', 'stderr.log'].reduce(
    (sum, name) => sum + (statSync(join(folder, 'logs', name), { throwIfNoEntry: false })?.size ?? 0),
    0,
  )
}
