import { projectInterpreter } from '../../adapters/python/interpreter.ts'
import { Refusal } from '../../core/errors.ts'
import type { Measurement } from '../../core/measurement.ts'
import type { RunSummary } from '../../core/run-summary.ts'
import { findDataset } from '../../evidence/datasets.ts'
import { appendEvent, readLedger } from '../../evidence/ledger.ts'
import { measureLifts } from '../../evidence/lifts.ts'
import { looksTaken, looksUsed } from '../../evidence/looks.ts'
import { ModelTooSlow } from '../../evidence/prediction.ts'
import type { EvaluatedRun } from '../../evidence/scoring.ts'
import { suspicions } from '../../evidence/suspicions.ts'
import { evaluateBaselineTest, evaluateTest } from '../../evidence/test-evaluation.ts'
import { drawnAlike, suspectedOnTest } from '../../increments/better-on-test-check.ts'
import { setCandidate } from '../../increments/describe.ts'
import { type IncrementRef, readSpec, resolveIncrement } from '../../increments/load.ts'
import { perfection } from '../../increments/warning-checks.ts'
import { readFacts } from '../../runs/facts.ts'
import { writeDerived } from '../../runs/finish.ts'
import { indexRun } from '../../runs/index-run.ts'
import { summarizeIncrement } from '../../runs/summary.ts'
import type { Index } from '../../store/index-db.ts'
import { runFolder } from '../../store/layout.ts'
import type { Workspace } from '../../store/workspace.ts'
import { criteriaSha256, frozenLooks } from '../approvals/ledger-decisions.ts'
import { confirmationStep } from '../approvals/unconfirmed-criteria.ts'
import type { ToolContext } from '../context.ts'
import { requireJudgeable } from '../judging/judgeable-runs.ts'
import { closedInWords } from '../judging/recorded-end.ts'
import { searchSeenReads } from '../judging/search-reads.ts'
import { askedMetrics } from './asked-metrics.ts'
import { lookInBackground, modelLimit, reproduceLook } from './reproduce-look.ts'

const UNCONFIRMED =
  'the criteria were proposed, and nobody had confirmed them when a look was taken: the first look fixes them, and whoever changes them now does so knowing a result'

/**
 * Scores a run on the sealed test set and counts the look. The first look of an increment fixes its candidate and
 * freezes its criteria; the baselines are measured on test together with it, which is no look.
 */
export async function lookAtTest(
  workspace: Workspace,
  index: Index,
  run: EvaluatedRun,
  summary: RunSummary,
  context: ToolContext,
) {
  const started = performance.now()
  const increment = resolveIncrement(workspace, run.increment)
  const { ml } = readSpec(increment).front
  if (summary.baseline) {
    const { hash } = findDataset(workspace, run.dataset)
    if (looksUsed(workspace, increment.id, hash) === 0) {
      throw new Refusal(
        'INPUT_INVALID',
        `${run.run} is a baseline: its numbers on test are shown only beside a candidate's, and no candidate was looked at yet.`,
        {
          invalid: [
            { field: 'run', problem: 'evaluate the candidate first; its baselines are measured with it' },
          ],
          next: [
            {
              tool: 'compare_runs',
              arguments: { increment: increment.id },
              why: 'shows the best candidate on validation',
            },
          ],
        },
      )
    }
    const metrics = await evaluateBaselineTest(workspace, run, {
      signal: context.signal,
      progress: context.progress,
      also: askedMetrics(workspace, increment.id),
    })
    await liftsOverLate(workspace, increment, run, context)
    return {
      run: run.run,
      metrics,
      warnings: ['a baseline of the lab: no look'],
      next: [],
      reproducedLater: false,
    }
  }
  const interpreter = interpreterOf(workspace, run.folder)
  const evaluated = await evaluateTest(workspace, run, {
    budget: frozenLooks(readLedger(workspace), increment.id) ?? ml.looks,
    interpreter,
    modelLimit: modelLimit(started),
    beforeLook: () => {
      requireOpen(workspace, increment)
      requireJudgeable(workspace, run)
    },
    signal: context.signal,
    progress: context.progress,
    also: askedMetrics(workspace, increment.id),
  }).catch((cause) => {
    if (cause instanceof ModelTooSlow) return undefined
    throw cause
  })
  if (!evaluated) return lookInBackground(workspace, index, run)
  const { metrics, look, repeated, warnings } = evaluated
  indexRun(index, run.run, run.folder)
  writeDerived(index, run.run, run.folder)
  // Also where spec.md named the candidate before: what was asked is fixed at the first look.
  await freeze(workspace, increment.id, ml.candidate ?? run.run, ml)
  if (!ml.candidate) setCandidate(increment, run.run)
  const baselines = baselinesOf(workspace, index, increment, run.dataset)
  warnings.push(...(await measureBaselines(workspace, increment, run.dataset, baselines, context)))
  warnings.push(...(await lifts(workspace, run, baselines, context)))
  const confirmation = confirmationStep(workspace, increment)
  if (confirmation.length > 0) warnings.push(UNCONFIRMED)
  const reproduction = await reproduceLook(workspace, index, run, interpreter, started, context)
  warnings.push(...(await searchSeenReads(workspace, run, context)))
  warnings.push(...reproduction.warnings, ...oddities(workspace, index, increment, run, metrics))
  return {
    run: run.run,
    metrics,
    look,
    repeated,
    warnings,
    next: [
      ...reproduction.next,
      ...confirmation,
      {
        tool: 'validate_increment',
        arguments: { increment: increment.id },
        why: 'judges the candidate by what was measured',
      },
    ],
    reproducedLater: reproduction.later,
  }
}

/** Its documents tell of the looks up to its end. */
function requireOpen(workspace: Workspace, increment: IncrementRef): void {
  const closed = closedInWords(workspace, increment)
  if (!closed) return
  throw new Refusal('INCREMENT_CLOSED', `${closed}. No more looks at its test set are taken.`, {
    next: [
      {
        tool: 'get_increment',
        arguments: { increment: increment.id },
        why: 'shows how it ended, and by which looks',
      },
    ],
  })
}

/** What validation says of the candidate's test predictions as well. */
function oddities(
  workspace: Workspace,
  index: Index,
  increment: { id: string; folder: string },
  run: EvaluatedRun,
  metrics: Measurement[],
): string[] {
  const all = summarizeIncrement(index, increment.id).map((one) => ({
    ...one,
    folder: runFolder(workspace.layout, increment.folder, one.run),
  }))
  const mine = all.find((one) => one.run === run.run)
  return [
    ...perfection({ run: run.run, metrics }),
    ...betterThanOnValidation(workspace, run, metrics, mine),
    ...(mine ? suspicions(readLedger(workspace), mine, all) : []),
  ]
}

/** Where the rows of the two are drawn alike. */
function betterThanOnValidation(
  workspace: Workspace,
  { run, dataset }: EvaluatedRun,
  metrics: readonly Measurement[],
  mine: RunSummary | undefined,
): string[] {
  const onValidation = (mine?.metrics ?? []).filter(({ split }) => split === 'validation')
  if (!drawnAlike(findDataset(workspace, dataset))) return []
  const suspected = suspectedOnTest({ run, metrics: [...metrics, ...onValidation] })
  return suspected ? [suspected] : []
}

function interpreterOf(workspace: Workspace, folder: string): string | undefined {
  const configured = readFacts(folder)?.record.interpreter ?? workspace.config.interpreter
  return projectInterpreter(workspace.root, configured).path
}

/** A later change of the criteria is seen by comparing them with this line. */
async function freeze(
  workspace: Workspace,
  increment: string,
  candidate: string,
  ml: { success: unknown; baseline: unknown; looks: number },
): Promise<void> {
  const frozen = readLedger(workspace).lines.some(
    ({ event, data }) => event === 'criteria.frozen' && data.increment === increment,
  )
  if (frozen) return
  await appendEvent(workspace, 'criteria.frozen', {
    increment,
    candidate,
    success: ml.success as never,
    baseline: ml.baseline as never,
    looks: ml.looks,
    criteria_sha256: criteriaSha256(ml.success as never, ml.baseline as never),
  })
}

interface Folder {
  run: string
  folder: string
}

function baselinesOf(
  workspace: Workspace,
  index: Index,
  increment: { id: string; folder: string },
  dataset: string,
): Folder[] {
  return summarizeIncrement(index, increment.id)
    .filter((one) => one.baseline && one.state === 'succeeded' && one.dataset === dataset)
    .map(({ run }) => ({ run, folder: runFolder(workspace.layout, increment.folder, run) }))
}

async function measureBaselines(
  workspace: Workspace,
  increment: { id: string },
  dataset: string,
  baselines: readonly Folder[],
  context: ToolContext,
): Promise<string[]> {
  const warnings: string[] = []
  for (const { run, folder } of baselines) {
    try {
      await evaluateBaselineTest(
        workspace,
        { run, increment: increment.id, folder, dataset },
        {
          signal: context.signal,
          progress: (message, fraction) => context.progress(`baseline ${run}: ${message}`, fraction),
          also: askedMetrics(workspace, increment.id),
        },
      )
    } catch (cause) {
      warnings.push(
        `${run} could not be measured on test: ${cause instanceof Error ? cause.message : String(cause)}`,
      )
    }
  }
  return warnings
}

/** What the candidate has over the target that each baseline sets, for the baseline rule. A failure costs no look. */
async function lifts(
  workspace: Workspace,
  run: EvaluatedRun,
  baselines: readonly Folder[],
  context: ToolContext,
): Promise<string[]> {
  const { ml } = readSpec(resolveIncrement(workspace, run.increment)).front
  if (!ml.baseline) return []
  const { metric, lift } = ml.baseline
  const looks = frozenLooks(readLedger(workspace), run.increment) ?? ml.looks
  try {
    return await measureLifts(workspace, run, { metric, lift, looks, baselines }, context)
  } catch (cause) {
    return [
      `the lift over the baselines has no interval: ${cause instanceof Error ? cause.message : String(cause)}`,
    ]
  }
}

/** A baseline that was run after the look: each run that was looked at is set beside it. */
async function liftsOverLate(
  workspace: Workspace,
  increment: { id: string; folder: string },
  baseline: EvaluatedRun,
  context: ToolContext,
): Promise<void> {
  const { hash } = findDataset(workspace, baseline.dataset)
  const looked = new Set(looksTaken(readLedger(workspace), increment.id, hash).map(({ run }) => run))
  for (const run of looked) {
    const folder = runFolder(workspace.layout, increment.folder, run)
    await lifts(workspace, { ...baseline, run, folder }, [baseline], context)
  }
}
