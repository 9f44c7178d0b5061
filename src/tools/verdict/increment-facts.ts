import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { readText } from '../../adapters/files.ts'
import type { DatasetRecord } from '../../core/dataset-record.ts'
import type { RunSummary } from '../../core/run-summary.ts'
import { readEvidence } from '../../evidence/evidence-file.ts'
import { goneInWords, goneRuns } from '../../evidence/gone-runs.ts'
import { type Ledger, readLedger } from '../../evidence/ledger.ts'
import { liftsOf } from '../../evidence/lifts.ts'
import { looksTaken } from '../../evidence/looks.ts'
import { looksElsewhere } from '../../evidence/looks-by-increment.ts'
import { recordStanding } from '../../evidence/registered-record.ts'
import { searchChanged } from '../../evidence/searched-data.ts'
import { suspicions } from '../../evidence/suspicions.ts'
import { changedData } from '../../evidence/tamper.ts'
import { reproductionFact } from '../../evidence/test-reproduction-fact.ts'
import { drawnAlike } from '../../increments/better-on-test-check.ts'
import { candidateRuns, chooseCandidate } from '../../increments/candidate.ts'
import { directionOf, leadingMetric } from '../../increments/criteria-set.ts'
import { DOCUMENTS } from '../../increments/documents.ts'
import type { GateFacts, Waiver } from '../../increments/gate-facts.ts'
import { type IncrementRef, readSpec } from '../../increments/load.ts'
import { findPlaceholders } from '../../increments/placeholders.ts'
import type { FrontMatter } from '../../increments/spec-schema.ts'
import { contradictions, parseTasks, type Task } from '../../increments/tasks.ts'
import { summarizeIncrement } from '../../runs/summary.ts'
import type { Index } from '../../store/index-db.ts'
import { runFolder } from '../../store/layout.ts'
import type { Workspace } from '../../store/workspace.ts'
import {
  changeSinceLook,
  criteriaConfirmed,
  criteriaProposal,
  frozenCandidate,
  frozenLooks,
  signedOff,
  waiversOf,
} from '../approvals/ledger-decisions.ts'
import { waitingApprovals } from '../approvals/waiting-approvals.ts'
import { controlFact } from '../controls/control-fact.ts'
import { ownEvaluatorFact } from '../data/custom-evaluator.ts'
import { datasetRecord } from '../data/dataset-record.ts'
import { evaluationJobs } from '../evaluation/evaluate-in-background.ts'
import { withJudgeability, withWaiver } from '../judging/judgeable-runs.ts'
import { recordedEnd, statusProblem } from '../judging/recorded-end.ts'
import { changedSplits, withRecordedEvidence } from '../judging/recorded-evidence.ts'
import { searchedOf, seenReads } from '../judging/seen-reads.ts'
import { costFacts } from './cost-facts.ts'
import { labCodeFact } from './lab-code-fact.ts'
import { HASHED_IN_A_CALL, keptModelProblems, recordedModel, runModelProblem } from './model-files.ts'

/** Everything that is known of one increment, gathered once for gates, answers and documents. */
export interface IncrementFacts {
  /** Closed where the ledger holds that it was, whatever metadata.json says. */
  increment: IncrementRef
  /** What metadata.json says otherwise, in a sentence. */
  wrongStatus?: string
  front: FrontMatter
  title: string
  ranking: { metric: string; direction: 'maximize' | 'minimize' } | undefined
  /** All runs with what may be shown of them: measured numbers are those that the ledger knows. */
  runs: RunSummary[]
  dataset: DatasetRecord | undefined
  ledger: Ledger
  looks: { used: number; budget: number }
  tasks: Task[]
  waivers: Waiver[]
  gate: GateFacts
  /** By check id: what was asked when the criteria were frozen, where it was changed since. */
  askedBefore: Record<string, string>
}

export function gatherFacts(workspace: Workspace, index: Index, increment: IncrementRef): IncrementFacts {
  const { front } = readSpec(increment)
  const { ml } = front
  const ledger = readLedger(workspace)
  const dataset = ml.dataset ? datasetRecord(workspace, ml.dataset) : undefined
  const standing = dataset && recordStanding(dataset, ledger)
  const end = recordedEnd(ledger, increment.id)
  const wrongStatus = statusProblem(increment, end)
  const budget = frozenLooks(ledger, increment.id) ?? ml.looks
  const looked = dataset ? looksTaken(ledger, increment.id, dataset.hash) : []
  const elsewhere = dataset && looksElsewhere(ledger, increment.id, dataset.hash)
  const folderOf = ({ run }: RunSummary) => runFolder(workspace.layout, increment.folder, run)
  const known = withJudgeability(
    workspace,
    ledger,
    summarizeIncrement(index, increment.id).map((run) =>
      withRecordedEvidence(run, folderOf(run), ledger, looked.length > 0),
    ),
    folderOf,
  )
  const others = known.filter(({ baseline }) => baseline === undefined)
  const baselines = known.filter(({ baseline }) => baseline !== undefined)
  const chosen = chooseCandidate({
    named: ml.candidate,
    firstLooked: looked[0]?.run,
    criteria: ml.success,
    runs: others,
  })
  const candidate = others.find(({ run }) => run === chosen.run)
  const tasks = parseTasks(readText(join(increment.path, 'tasks.md')) ?? '')
  const metric = leadingMetric(ml.success)
  const waivers = waiversOf(ledger, increment.id)
  const runs = withWaiver(known, chosen.run, waivers)
  const problem = ledger.problems[0]
  const wrongModel = candidate && runModelProblem(candidate, folderOf(candidate), ledger, HASHED_IN_A_CALL)
  const wrongKept = keptModelProblems(increment, ledger, HASHED_IN_A_CALL)
  const modelElsewhere =
    candidate && !candidate.artifacts.some(({ kind }) => kind === 'model')
      ? recordedModel(ledger, candidate.run, folderOf(candidate))
      : undefined
  const gone = goneRuns(
    ledger,
    (run) => existsSync(join(runFolder(workspace.layout, increment.folder, run), 'run.json')),
    increment.id,
  )
  const reproduction = candidate && reproductionFact(ledger, candidate, folderOf(candidate))
  const judged = candidate ? [candidate, ...baselines] : baselines
  const confirmed = criteriaConfirmed(ledger, increment.id, ml.success, ml.baseline)
  const proposal = criteriaProposal(ledger, increment.id, ml.success, ml.baseline)
  const change = changeSinceLook(ledger, increment.id, ml.success, ml.baseline)
  const askedBefore = Object.fromEntries((change?.changes ?? []).map(({ check, before }) => [check, before]))
  const firstCandidate = looked.length > 0 ? frozenCandidate(ledger, increment.id) : undefined
  return {
    increment: end ? { ...increment, status: end.status } : increment,
    ...(wrongStatus ? { wrongStatus } : {}),
    front,
    title: front.title,
    ranking: metric ? { metric, direction: directionOf(ml.success, metric) } : undefined,
    runs,
    dataset,
    ledger,
    looks: { used: looked.length, budget },
    tasks,
    waivers,
    askedBefore,
    gate: {
      increment: increment.id,
      folder: increment.relative,
      problemType: ml.problem.type,
      criteria: ml.success,
      proposedConfirmed: confirmed,
      ...(proposal ? { criteriaProposal: proposal } : {}),
      baselineRule: ml.baseline,
      requires: ml.requires,
      looks: { used: looked.length, budget },
      ...(elsewhere ? { looksElsewhere: elsewhere } : {}),
      runs: others,
      baselines,
      lifts: candidate
        ? liftsOf(
            ledger,
            readEvidence(folderOf(candidate)),
            baselines.map((run) => readEvidence(folderOf(run))),
          )
        : [],
      ...(candidate ? { candidate, candidateLooked: looked.some(({ run }) => run === candidate.run) } : {}),
      ...(ml.candidate && !candidate ? { candidateUnknown: ml.candidate } : {}),
      ...(dataset
        ? {
            dataset: dataset.dataset,
            drawnAlike: drawnAlike(dataset),
            dataChanged: [
              ...changedData(workspace, ledger, dataset),
              ...(standing?.problem ? [standing.problem] : []),
            ],
            ...(standing?.notCompared ? { dataNotCompared: standing.notCompared } : {}),
            search: {
              dataset: dataset.dataset,
              leakage: dataset.leakage,
              controls: dataset.controls,
              changed: searchChanged(ledger, dataset),
            },
            ...ownEvaluatorFact(workspace, ledger, dataset),
          }
        : {}),
      ...(candidate && dataset
        ? {
            control: controlFact(
              index,
              ledger,
              candidate,
              readEvidence(folderOf(candidate)),
              dataset.problem_type,
            ),
          }
        : {}),
      ...(candidate ? { jobs: evaluationJobs(workspace, index, candidate.run) } : {}),
      labCode: labCodeFact(ledger, candidate && { run: candidate.run, folder: folderOf(candidate) }),
      criteriaChanged: change?.approved ? {} : askedBefore,
      ...(change ? { criteriaChange: change } : {}),
      lookedRuns: [...new Set(looked.map(({ run }) => run))],
      ...(firstCandidate ? { firstCandidate } : {}),
      ...(wrongModel ? { modelProblem: wrongModel } : {}),
      ...(wrongKept.length > 0 ? { keptModelProblem: wrongKept.join(' ') } : {}),
      ...(modelElsewhere ? { modelElsewhere } : {}),
      ...(gone.length > 0 ? { goneRuns: goneInWords(gone, metric) } : {}),
      ...(candidate?.dataset
        ? {
            reads: seenReads(
              workspace,
              candidate.run,
              folderOf(candidate),
              candidate.dataset,
              searchedOf(workspace, candidate.dataset, ledger),
            ),
          }
        : {}),
      ...(candidate ? costFacts(folderOf(candidate), ledger) : {}),
      ...(reproduction ? { reproduction } : {}),
      ...(candidate && reproduction
        ? {
            suspicions: suspicions(
              ledger,
              { ...candidate, folder: folderOf(candidate) },
              runs.map((run) => ({ ...run, folder: folderOf(run) })),
            ),
          }
        : {}),
      evidenceChanged: judged.flatMap((run) =>
        changedSplits(folderOf(run), ledger).map((split) => ({ run: run.run, split })),
      ),
      documents: documentsOf(increment),
      ledger: problem
        ? { ok: false, problem: `${problem.file}${problem.line ? `:${problem.line}` : ''}: ${problem.what}` }
        : { ok: true },
      contradictions: contradictions(tasks, {
        datasetRegistered: dataset !== undefined,
        baselines: baselines.filter(({ state }) => state === 'succeeded').length,
        candidates: candidateRuns(others).length,
        looked: candidate?.metrics.some(({ grade }) => grade === 'sealed') ?? false,
      }),
      waivers,
      ...(workspace.config.sign_off ? { signOff: signedOff(ledger, increment.id) ?? null } : {}),
      pendingApprovals: waitingApprovals(workspace, increment.id),
    },
  }
}

function documentsOf(increment: IncrementRef): GateFacts['documents'] {
  const texts = DOCUMENTS.map((name) => [name, readText(join(increment.path, name))] as const)
  return {
    missing: [
      ...texts.filter(([, text]) => text === undefined).map(([name]) => name),
      ...(existsSync(join(increment.path, 'metadata.json')) ? [] : ['metadata.json']),
    ],
    placeholders: texts.flatMap(([name, text]) =>
      text === undefined ? [] : findPlaceholders(`${increment.relative}/${name}`, text),
    ),
  }
}
