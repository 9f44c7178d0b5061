import { projectInterpreter } from '../../adapters/python/interpreter.ts'
import { type NextStep, Refusal } from '../../core/errors.ts'
import { JOB_ID } from '../../core/ids.ts'
import type { Measurement } from '../../core/measurement.ts'
import { isModelCost } from '../../core/metrics.ts'
import { isEnd } from '../../core/run-state.ts'
import type { RunSummary } from '../../core/run-summary.ts'
import { measureCost } from '../../evidence/cost.ts'
import { type CostEvidence, costWarnings, machineInWords } from '../../evidence/cost-evidence.ts'
import { measurementsOf, readEvidence } from '../../evidence/evidence-file.ts'
import { readLedger } from '../../evidence/ledger.ts'
import type { EvaluatedRun } from '../../evidence/scoring.ts'
import { readSpec, resolveIncrement } from '../../increments/load.ts'
import { readFacts } from '../../runs/facts.ts'
import { writeDerived } from '../../runs/finish.ts'
import { indexRun } from '../../runs/index-run.ts'
import { refreshIndex } from '../../runs/refresh.ts'
import type { Index } from '../../store/index-db.ts'
import type { Workspace } from '../../store/workspace.ts'
import type { ToolContext } from '../context.ts'
import { modelProblem, recordedCost } from '../judging/recorded-evidence.ts'
import type { JobAnswer } from '../lab-ready.ts'
import { evaluateInBackground } from './evaluate-in-background.ts'
import { lookInBackground } from './reproduce-look.ts'

/** Of the 45 s that clients wait, for all of a call but the record. */
const ANSWER_S = 35
/** Less has no use: loading the libraries of a model alone takes seconds. */
const LEAST_S = 8
/** Of a job, for which nobody waits: a hundred calls of more than two seconds each. */
const JOB_S = 300

/** @param callStarted `performance.now()` of then. */
function limitOf(callStarted: number): { seconds: number; final: boolean } {
  if (JOB_ID.test(process.env.SPECWEAVE_RUN ?? '')) return { seconds: JOB_S, final: true }
  return { seconds: Math.floor(ANSWER_S - (performance.now() - callStarted) / 1000), final: false }
}

/**
 * Measures what a run's saved model costs, and shows it. No split, no grade, no look. A model that is too slow for a call is
 * measured by a job.
 * @param callStarted `performance.now()` of then.
 */
export async function costOfModel(
  workspace: Workspace,
  index: Index,
  run: EvaluatedRun,
  summary: RunSummary,
  context: ToolContext,
  callStarted: number,
) {
  const { seconds, final } = limitOf(callStarted)
  const limit = { seconds: Math.max(LEAST_S, seconds), final }
  const known = final ? undefined : recordedCost(run.folder, readLedger(workspace))
  const cost =
    known && isSlow(known) ? undefined : await measured(workspace, index, run, summary, context, limit)
  const next = nextOf(workspace, run)
  if (cost) return { run: run.run, ...shown(run, cost), next: [next] }
  const job = costInBackground(workspace, index, run)
  return { ...job, next: [...job.next, { ...next, why: `then ${next.why}` }] }
}

function costInBackground(workspace: Workspace, index: Index, { run }: EvaluatedRun): JobAnswer {
  return evaluateInBackground(workspace, index, run, 'cost', 'waits for the measurement')
}

/** Whether the earlier measurement could not be made within a call. */
function isSlow({ load_s: load = 0, single }: CostEvidence): boolean {
  return load + (single?.seconds ?? 0) > ANSWER_S
}

function nextOf(workspace: Workspace, { increment }: EvaluatedRun) {
  const { success } = readSpec(resolveIncrement(workspace, increment)).front.ml
  return success.some(({ metric }) => isModelCost(metric))
    ? { tool: 'validate_increment', arguments: { increment }, why: 'checks it against the criteria' }
    : {
        tool: 'compare_runs',
        arguments: { increment, metric: 'latency_p99_ms' },
        why: 'sets it beside the other models that were measured',
      }
}

interface CostOfLook {
  metrics: Measurement[]
  cost?: CostShown
  warnings: string[]
  next: NextStep[]
  /** A job measures it, and does afterwards what else is to be done of the look. */
  goesOn: boolean
}

/**
 * At a look: the cost of the candidate, where a criterion asks for one that nobody measured of this model yet. Bounded by
 * what the call has left; a failure is a warning, for the look is taken. What the call has no time for is left to the job
 * that makes the rest of the look, which measures when it has done that.
 * @param callStarted `performance.now()` of then.
 * @param reproducedLater that job is under way: nothing is timed beside it.
 */
export async function costAtLook(
  workspace: Workspace,
  index: Index,
  run: EvaluatedRun,
  summary: RunSummary,
  context: ToolContext,
  callStarted: number,
  reproducedLater: boolean,
): Promise<CostOfLook> {
  const { ml } = readSpec(resolveIncrement(workspace, run.increment)).front
  const asked = ml.success.map(({ metric }) => metric).filter(isModelCost)
  const nothing = { metrics: [], warnings: [], next: [], goesOn: false }
  if (asked.length === 0 || summary.baseline || (ml.candidate && ml.candidate !== run.run)) return nothing
  const there = recordedCost(run.folder, readLedger(workspace))
  const found = new Set([...(there?.metrics ?? []), ...(there?.not_measured ?? [])].map(({ name }) => name))
  // Measured before: the figures come with what was said of them then.
  if (there && asked.every((name) => found.has(name)))
    return { ...shown(run, there), next: [], goesOn: false }
  const without = (why: string) => ({
    ...nothing,
    warnings: [`what the model costs (${asked.join(', ')}) was not measured: ${why}`],
  })
  const limit = limitOf(callStarted)
  try {
    const cost =
      reproducedLater || limit.seconds < LEAST_S
        ? undefined
        : await measured(workspace, index, run, summary, context, limit)
    if (cost) return { ...shown(run, cost), next: [], goesOn: false }
    const { job, next } = lookInBackground(workspace, index, run)
    const said = reproducedLater
      ? `what the model costs is measured by ${job} as well, when the model has predicted`
      : `this call had too little time to measure what the model costs: ${job} goes on with that`
    return { ...nothing, warnings: [said], next: reproducedLater ? [] : next.slice(0, 1), goesOn: true }
  } catch (cause) {
    context.signal.throwIfAborted()
    return without(cause instanceof Error ? cause.message : String(cause))
  }
}

async function measured(
  workspace: Workspace,
  index: Index,
  run: EvaluatedRun,
  summary: RunSummary,
  { signal, progress }: ToolContext,
  limit: { seconds: number; final: boolean },
): Promise<CostEvidence | undefined> {
  const changed = modelProblem(summary, run.folder)
  if (changed)
    throw new Refusal('ARTIFACT_CHANGED', `${changed} What it costs would be that of another model.`)
  const record = readFacts(run.folder)?.record
  const configured = record?.interpreter ?? workspace.config.interpreter
  const interpreter = projectInterpreter(workspace.root, configured)
  const cost = await measureCost(workspace, run, {
    interpreter: interpreter.path,
    threads:
      record?.env?.OMP_NUM_THREADS ?? process.env.OMP_NUM_THREADS ?? threadsOf(record?.resources?.cpus),
    ...limit,
    beside: () => atWork(workspace, index),
    signal,
    progress,
  })
  indexRun(index, run.run, run.folder)
  writeDerived(index, run.run, run.folder)
  return cost
}

/** Runs and jobs that take the processor now, this one left out. */
function atWork(workspace: Workspace, index: Index): string[] {
  return refreshIndex(workspace, index)
    .filter(({ run, judgement }) => judgement.state !== 'queued' && run !== process.env.SPECWEAVE_RUN)
    .filter(({ judgement }) => !isEnd(judgement.state))
    .map(({ run }) => run)
}

/** As a run's own environment has it: a thread for each processor that the run asked for. */
function threadsOf(cpus: number | undefined): string | undefined {
  return cpus === undefined ? undefined : String(Math.max(1, Math.floor(cpus)))
}

export interface CostShown {
  machine: string
  request?: string
  calls?: number
  batch_calls?: number
  batch_size?: number
  not_measured: { name: string; reason: string }[]
}

function shown(run: EvaluatedRun, cost: CostEvidence) {
  const { single, batch, unit } = cost
  const shownCost: CostShown = {
    machine: machineInWords(cost),
    ...(unit ? { request: `one ${unit}` } : {}),
    ...(single ? { calls: single.calls } : {}),
    ...(batch ? { batch_calls: batch.calls, batch_size: batch.size } : {}),
    not_measured: cost.not_measured,
  }
  return {
    metrics: measurementsOf(readEvidence(run.folder), { recorded: new Set(['cost']) }),
    cost: shownCost,
    warnings: costWarnings(cost),
  }
}
