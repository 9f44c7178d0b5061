import { join, relative } from 'node:path'
import { appendEvent } from '../../evidence/ledger.ts'
import { reproductionsOf } from '../../evidence/run-reproductions.ts'
import type { Completion } from '../../increments/complete.ts'
import type { IncrementRef } from '../../increments/load.ts'
import { setStatus } from '../../increments/status.ts'
import { keepModel } from '../../reports/keep-model.ts'
import { type ModelCardFacts, writeModelCard } from '../../reports/model-card.ts'
import type { ModelEnd, ModelMetadata } from '../../reports/model-metadata.ts'
import type { SummaryFacts } from '../../reports/summary-facts.ts'
import { writeSummary } from '../../reports/write-documents.ts'
import type { Index } from '../../store/index-db.ts'
import { runFolder } from '../../store/layout.ts'
import type { Workspace } from '../../store/workspace.ts'
import { reportName } from '../evaluation/evaluation-report.ts'
import { triesMade } from '../judging/tries.ts'
import { environmentOf } from '../runs/run-environment.ts'
import type { Validated } from '../verdict/validated.ts'
import { synchronise } from './living-documents.ts'

export interface Closed {
  /** Absolute path of COMPLETION-SUMMARY.md. */
  summary: string
  docs: string[]
  /** `0042-v1` */
  model?: string
  notes: string[]
}

/** Writes an increment's end: the model, the summary, the status, the ledger's line and the living documents. */
export async function closeIncrement(
  workspace: Workspace,
  index: Index,
  increment: IncrementRef,
  { facts, verdict, compared }: Validated,
  completion: Completion,
): Promise<Closed> {
  const notes: string[] = []
  const outcome =
    completion.status === 'ready_for_review'
      ? 'ready_for_review'
      : completion.passed
        ? 'passed'
        : 'not_passed'
  const { criteriaChange, criteriaProposal } = facts.gate
  const decided = { waivers: facts.waivers, criteriaChange, criteriaProposal }
  const model = keepCandidate(workspace, facts, notes, completion.passed, { outcome, ...decided })
  const threshold = facts.gate.candidate?.threshold
  const summary: SummaryFacts = {
    ...(facts.ranking ?? { metric: '', direction: 'maximize' as const }),
    increment: increment.id,
    title: facts.title,
    outcome,
    reason: completion.reason,
    verdict,
    askedBefore: facts.askedBefore,
    runs: facts.runs,
    dataset: facts.dataset,
    looks: facts.looks,
    ...(facts.gate.looksElsewhere ? { looksElsewhere: facts.gate.looksElsewhere } : {}),
    ...triesCounted(index, facts),
    ...(facts.gate.goneRuns ? { goneRuns: facts.gate.goneRuns } : {}),
    ...decided,
    lookedRuns: facts.gate.lookedRuns,
    firstCandidate: facts.gate.firstCandidate,
    ...(verdict.candidate ? { reproduced: reproductionsOf(facts.ledger, verdict.candidate).at(-1) } : {}),
    notChecked: notChecked(facts.tasks, verdict),
    ...(threshold ? { threshold } : {}),
    ...(facts.gate.cost
      ? {
          costMachine: facts.gate.cost.machine,
          costDisturbances: facts.gate.cost.disturbances,
          costNotMeasured: facts.gate.cost.notMeasured,
        }
      : {}),
    verifyCommand: `specweave-ml verify --recompute --increment ${increment.id}`,
    model,
    tasks: facts.tasks,
    ...compared,
  }
  const { path } = writeSummary(increment.path, summary)
  const card =
    model &&
    keepCard(
      workspace,
      increment,
      { ...summary, model, problem: facts.front.ml.problem, reportName: reportName(model.run) },
      notes,
    )
  await appendEvent(workspace, 'increment.completed', {
    increment: increment.id,
    status: completion.status,
    verdict: verdict.verdict,
    candidate: verdict.candidate ?? null,
    reason: completion.reason ?? null,
    model_sha256: model?.model.sha256 ?? null,
  })
  setStatus(increment, completion.status, { reason: completion.reason })
  const { changed, unchanged, conflicts } = await synchronise(workspace, index, [increment.id], 'update', {
    [increment.id]: { verdict, compared },
  })
  notes.push(...conflicts.map((file) => `${file}: a person edited a generated block; it was left as it is`))
  return {
    summary: path,
    docs: [...(card ? [card] : []), ...changed, ...unchanged],
    ...(model ? { model: model.version } : {}),
    notes,
  }
}

/**
 * An increment that the ledger holds as closed, and metadata.json does not: somebody wrote another status, or we were
 * ended before we wrote it.
 * @returns the documents that follow it.
 */
export async function putStatusBack(
  workspace: Workspace,
  index: Index,
  increment: IncrementRef,
  { facts, verdict, compared }: Validated,
): Promise<string[]> {
  setStatus(increment, facts.increment.status)
  const known = { [increment.id]: { verdict, compared } }
  const { changed, unchanged } = await synchronise(workspace, index, [increment.id], 'update', known)
  return [...changed, ...unchanged]
}

/** @returns its path from the workspace's root. */
function keepCard(
  workspace: Workspace,
  increment: IncrementRef,
  facts: ModelCardFacts,
  notes: string[],
): string {
  const { path, outcome } = writeModelCard(increment.path, facts)
  const shown = relative(workspace.root, path)
  if (outcome === 'conflict')
    notes.push(`${shown}: a person edited its generated block; it was left as it is`)
  return shown
}

function triesCounted(
  index: Index,
  { ledger, dataset, increment, runs }: Validated['facts'],
): { tries: number; deletedTries: number } {
  const there = new Set(runs.map(({ run }) => run))
  const tries = dataset ? [...triesMade(ledger, index, increment.id, dataset.hash)] : []
  return { tries: tries.length, deletedTries: tries.filter((run) => !there.has(run)).length }
}

/** @param needed a pass without its model would be closed for ever: then what is wrong with it is a refusal. */
function keepCandidate(
  workspace: Workspace,
  facts: Validated['facts'],
  notes: string[],
  needed: boolean,
  end: ModelEnd,
): ModelMetadata | undefined {
  const run = facts.gate.candidate
  if (!run) return undefined
  const folder = runFolder(workspace.layout, facts.increment.folder, run.run)
  try {
    return keepModel({
      increment: facts.increment.id,
      incrementFolder: facts.increment.path,
      runFolder: folder,
      run,
      dataset: facts.dataset,
      environment: environmentOf(join(folder, 'run.json')),
      threshold: run.threshold,
      ...end,
    })?.metadata
  } catch (cause) {
    if (needed) throw cause
    notes.push(`the model was not kept: ${cause instanceof Error ? cause.message : String(cause)}`)
    return undefined
  }
}

/** The check that holds the proof of a task, whether anybody ticked it or not. */
const PROOF: Readonly<Record<string, string>> = {
  'T-001': 'dataset.registered',
  'T-003': 'baseline.recorded',
  'T-006': 'test.looked',
}

function notChecked(tasks: Validated['facts']['tasks'], { checks }: Validated['verdict']): string[] {
  const open = tasks.filter(({ state }) => state !== 'done')
  const passed = new Set(checks.filter(({ status }) => status === 'pass').map(({ id }) => id))
  const inWords = ({ id, title, reason }: (typeof tasks)[number]) => {
    const proof = PROOF[id] ?? ''
    return `${id} ${title}${passed.has(proof) ? ` (but ${proof} passes)` : ''}${reason ? ` (${reason})` : ''}`
  }
  const listed = (wanted: string, said: string) => {
    const found = open.filter(({ state }) => state === wanted).map(inWords)
    return found.length > 0 ? [`${said}: ${found.join('; ')}`] : []
  }
  return [
    ...listed('open', 'tasks that nobody ticked in tasks.md'),
    ...listed('skipped', 'tasks that were skipped'),
    'what a script read that is not Python, or hid from its audit hook',
  ]
}
