import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { criteriaChangeWords } from '../../core/criteria-change.ts'
import { criteriaProposalWords } from '../../core/criteria-proposal.ts'
import type { BaselineRule, Criterion } from '../../core/criterion.ts'
import { Refusal } from '../../core/errors.ts'
import { findMeasured } from '../../core/measurement.ts'
import { isModelCost } from '../../core/metrics.ts'
import { measurementsOf, readEvidence, recordedSplits } from '../../evidence/evidence-file.ts'
import { type GoneRun, goneRuns } from '../../evidence/gone-runs.ts'
import type { Ledger, LedgerLine } from '../../evidence/ledger.ts'
import { looksTaken } from '../../evidence/looks.ts'
import { askedLift } from '../../increments/baseline-checks.ts'
import { leadingMetric } from '../../increments/criteria-set.ts'
import { asked } from '../../increments/criterion-checks.ts'
import type { Waiver } from '../../increments/gate-facts.ts'
import { type IncrementRef, readSpec } from '../../increments/load.ts'
import { isClosed } from '../../increments/metadata.ts'
import type { FrontMatter } from '../../increments/spec-schema.ts'
import { summarizeRun } from '../../runs/summary.ts'
import type { Index } from '../../store/index-db.ts'
import { runFolder } from '../../store/layout.ts'
import type { Workspace } from '../../store/workspace.ts'
import {
  changeSinceLook,
  criteriaConfirmed,
  criteriaProposal,
  frozenLooks,
  waiversOf,
} from '../approvals/ledger-decisions.ts'
import { datasetRecord } from '../data/dataset-record.ts'
import { recordedEnd, statusProblem } from '../judging/recorded-end.ts'
import { summaryIsBare } from './edited-documents.ts'
import { keptModelProblems, runModelProblem } from './model-files.ts'

/** A criterion of the verdict with what the lab measured, as the ledger holds it; null where nothing of it is here. */
export interface JudgedCriterion {
  /** `roc_auc >= 0.85 on test` */
  asked: string
  metric: string
  measured: number | null
  /** All measurements of it, where it is a cost that was measured several times, in words. */
  repeated?: string
}

/** What the records say of one increment, beside the chains themselves. */
export interface RecordedVerdict {
  increment: string
  /** Of the last verdict; null where there is none. */
  verdict: string | null
  /** ISO 8601, UTC. */
  at: string | null
  candidate: string | null
  criteria: JudgedCriterion[]
  /** The lift over a baseline that was asked, with the status of its check. */
  lift: { asked: string; status: string } | null
  /** What was changed after the first look at the test set, and who approved it. */
  criteria_change?: string
  /** What was proposed at creation, and who confirmed it. */
  criteria_proposal?: string
  looks: { used: number; budget: number }
  waivers: Waiver[]
  /** Measured, and not on disk. */
  gone: GoneRun[]
  /** By which a run is named. */
  metric?: string
  /** What the files say now against what was judged and kept; a sentence each. */
  problems: string[]
  /** The same where nothing rests on it yet. */
  notes: string[]
  /** What the ledger holds nothing of, so that nothing tells whether it was changed. */
  notCompared: string[]
}

/** Holds what an increment's files say now against its last verdict and its completion in the ledger. */
export function recordedVerdict(
  workspace: Workspace,
  index: Index,
  ledger: Ledger,
  increment: IncrementRef,
): RecordedVerdict {
  const { id } = increment
  const decided = lastLine(ledger, 'gate.decided', id)
  const completed = lastLine(ledger, 'increment.completed', id)
  const candidate = typeof decided?.data.candidate === 'string' ? decided.data.candidate : null
  const spec = specOf(increment)
  const problems = [...keptModelProblems(increment, ledger).map((text) => `${id}: ${text}`)]
  const notes: string[] = []
  if ('problem' in spec) problems.push(spec.problem)
  const ml = 'ml' in spec ? spec.ml : undefined
  const folderOf = (run: string) => runFolder(workspace.layout, increment.folder, run)
  const run = candidate ? summarizeRun(index, candidate) : undefined
  const wrongModel = run && runModelProblem(run, folderOf(run.run), ledger)
  if (wrongModel) problems.push(`${run.run}: ${wrongModel}`)
  if (decided && ml) {
    const differs = specDiffers(ledger, id, decided, ml)
    const rests = completed !== undefined || decided.data.verdict === 'pass'
    ;(rests ? problems : notes).push(...differs)
  }
  const notCompared: string[] = []
  if (!completed && isClosed(increment.status)) {
    const says = `${id}: metadata.json says that it is ${increment.status}, and the ledger holds no line of its completion`
    if (hasSummary(increment)) problems.push(`${says}: the chain was cut, or the status was written by hand`)
    else notCompared.push(`${says}: not compared, since something else closed it`)
  }
  const wrongStatus = statusProblem(increment, recordedEnd(ledger, id))
  if (wrongStatus) problems.push(wrongStatus)
  if (completed && !hasSummary(increment))
    problems.push(
      `${id}: COMPLETION-SUMMARY.md is gone, which its completion on ${completed.at.slice(0, 10)} wrote; \`git checkout -- ${increment.relative}/COMPLETION-SUMMARY.md\` brings it back`,
    )
  if (completed && summaryIsBare(increment))
    problems.push(`${id}: COMPLETION-SUMMARY.md: document edited since: its generated block is gone`)
  const judged = decided ? (criteriaOf(ledger, id, decided, ml) ?? ml) : undefined
  const criteria = judged?.success ?? []
  const change = judged && changeSinceLook(ledger, id, judged.success, judged.baseline)
  const proposal = judged && criteriaProposal(ledger, id, judged.success, judged.baseline)
  const evidence = run && readEvidence(folderOf(run.run))
  const measured = evidence ? measurementsOf(evidence, { recorded: recordedSplits(evidence, ledger) }) : []
  const dataset = ml?.dataset ? datasetRecord(workspace, ml.dataset) : undefined
  const hash = dataset?.hash ?? evidence?.dataset_hash
  const metric = leadingMetric(ml?.success ?? criteria)
  return {
    increment: id,
    verdict: decided ? String(decided.data.verdict) : null,
    at: decided?.at ?? null,
    candidate,
    criteria: criteria.map((criterion) => {
      const found = findMeasured(measured, criterion.metric, criterion.split)
      const ofRun = criterion.metric === 'training_time_s' ? (run?.durationS ?? null) : null
      return {
        asked: asked(criterion),
        metric: criterion.metric,
        measured: found?.value ?? ofRun,
        ...(found?.repeated ? { repeated: found.repeated } : {}),
      }
    }),
    lift: judged?.baseline
      ? { asked: askedLift(judged.baseline), status: statusOf(decided, 'baseline.lift') }
      : null,
    ...(change ? { criteria_change: criteriaChangeWords(change) } : {}),
    ...(proposal ? { criteria_proposal: criteriaProposalWords(proposal) } : {}),
    looks: {
      used: hash ? looksTaken(ledger, id, hash).length : 0,
      budget: frozenLooks(ledger, id) ?? ml?.looks ?? 0,
    },
    waivers: waiversOf(ledger, id),
    gone: goneRuns(ledger, (name) => existsSync(join(folderOf(name), 'run.json')), id),
    ...(metric ? { metric } : {}),
    problems,
    notes,
    notCompared,
  }
}

/** `0042 PASS (proven): 0042/exp-004-boosting, roc_auc 0.924 (asked >= 0.85 on test); looks 1 of 3; waivers 0` */
export function verdictLine(one: RecordedVerdict, state: string): string {
  const criteria = one.criteria.map(
    ({ asked, metric, measured, repeated }) =>
      `${metric} ${measured === null ? 'not here' : Number(measured.toPrecision(4))} (${[`asked ${asked.slice(metric.length + 1)}`, ...(repeated ? [repeated] : []), ...(isModelCost(metric) ? ['not recomputed'] : [])].join('; ')})`,
  )
  const lift = one.lift ? [`${one.lift.asked}: ${one.lift.status}`] : []
  const waivers = one.waivers.map(({ check, by }) => `${check} by ${by}`)
  return [
    `${one.increment} ${String(one.verdict).toUpperCase()} (${state}): ${[one.candidate ?? 'no candidate', ...criteria, ...lift].join(', ')}`,
    `looks ${one.looks.used} of ${one.looks.budget}`,
    `waivers ${waivers.length}${waivers.length > 0 ? ` (${waivers.join(', ')})` : ''}`,
    ...(one.criteria_proposal ? [`criteria ${one.criteria_proposal}`] : []),
    ...(one.criteria_change ? [`criteria ${one.criteria_change}`] : []),
  ].join('; ')
}

interface Asked {
  success: readonly Criterion[]
  baseline: BaselineRule | null
  candidate?: string | null
}

function statusOf(decided: LedgerLine | undefined, check: string): string {
  const statuses = decided?.data.checks as Record<string, string> | undefined
  return statuses?.[check] ?? 'not decided'
}

function lastLine(ledger: Ledger, event: LedgerLine['event'], increment: string): LedgerLine | undefined {
  return ledger.lines.findLast(
    (line) => line.event === event && line.verified && line.data.increment === increment,
  )
}

/**
 * What the verdict asked. That of an earlier version does not say it: then it is what spec.md says, where a person approved
 * that, and else what the first look froze.
 */
function criteriaOf(
  ledger: Ledger,
  id: string,
  decided: LedgerLine,
  now: Asked | undefined,
): Asked | undefined {
  const said = Array.isArray(decided.data.success)
  if (!said && now && criteriaConfirmed(ledger, id, now.success, now.baseline)) return now
  const frozen = ledger.lines.find(
    (line) => line.event === 'criteria.frozen' && line.verified && line.data.increment === id,
  )
  const data = said ? decided.data : frozen?.data
  return Array.isArray(data?.success)
    ? { success: data.success as Criterion[], baseline: (data.baseline ?? null) as BaselineRule | null }
    : undefined
}

function specDiffers(ledger: Ledger, id: string, decided: LedgerLine, now: Asked): string[] {
  const then = criteriaOf(ledger, id, decided, now)
  const found: string[] = []
  const named = now.candidate ?? decided.data.candidate
  if (named !== decided.data.candidate)
    found.push(
      `${id}: spec.md names the candidate ${named}, and the last verdict judged ${decided.data.candidate ?? 'none'}`,
    )
  if (!then) return found
  const [before, after] = [inWords(then), inWords(now)]
  const gone = before.filter((text) => !after.includes(text))
  const added = after.filter((text) => !before.includes(text))
  if (gone.length + added.length > 0)
    found.push(
      `${id}: spec.md was changed since the last verdict: that asked ${gone.join(', ') || 'nothing of this'}, and spec.md asks ${added.join(', ') || 'nothing of it'}`,
    )
  return found
}

function inWords({ success, baseline }: Asked): string[] {
  return [...success.map(asked), ...(baseline ? [askedLift(baseline)] : [])]
}

function specOf(increment: IncrementRef): { ml: FrontMatter['ml'] } | { problem: string } {
  try {
    return { ml: readSpec(increment).front.ml }
  } catch (cause) {
    if (cause instanceof Refusal) return { problem: `${increment.id}: ${cause.message}` }
    throw cause
  }
}

/** We write it where we close an increment; the SpecWeave engine does not. */
function hasSummary({ path }: IncrementRef): boolean {
  return existsSync(join(path, 'COMPLETION-SUMMARY.md'))
}
