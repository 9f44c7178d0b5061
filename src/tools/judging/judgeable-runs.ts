import { Refusal } from '../../core/errors.ts'
import type { NotJudgeable } from '../../core/judgeability.ts'
import type { RunSummary } from '../../core/run-summary.ts'
import { controlOf } from '../../evidence/control.ts'
import { readEvidence } from '../../evidence/evidence-file.ts'
import { type Ledger, readLedger } from '../../evidence/ledger.ts'
import type { EvaluatedRun } from '../../evidence/scoring.ts'
import { notJudgeable } from '../../increments/judgeable.ts'
import { readSpec, resolveIncrement } from '../../increments/load.ts'
import type { SeenRun } from '../../increments/reads-checks.ts'
import type { Workspace } from '../../store/workspace.ts'
import { waiversOf } from '../approvals/ledger-decisions.ts'
import { readsOn, searchedOf } from './seen-reads.ts'

/**
 * Says of runs whether a verdict could rest on them, by what they were seen to read and by their controls. Baselines are
 * the lab's own, and what has no number is called best nowhere: these are not looked at.
 * @param folderOf absolute folder of a run.
 */
export function withJudgeability(
  workspace: Workspace,
  ledger: Ledger,
  runs: readonly RunSummary[],
  folderOf: (run: RunSummary) => string,
): RunSummary[] {
  const readers = new Map<string, (run: string, folder: string) => SeenRun[]>()
  const readerOf = (dataset: string) => {
    const known = readers.get(dataset) ?? readsOn(workspace, dataset, searchedOf(workspace, dataset, ledger))
    readers.set(dataset, known)
    return known
  }
  const controlled = failedControls(ledger)
  return runs.map((run) => {
    const { dataset, baseline, metrics } = run
    if (baseline !== undefined || !dataset || metrics.length === 0) return run
    const folder = folderOf(run)
    const reads = readerOf(dataset)(run.run, folder)
    const found = notJudgeable({ reads, control: controlIn(ledger, controlled, run.run, folder) })
    return found ? { ...run, notJudgeable: found } : run
  })
}

function controlIn(ledger: Ledger, controlled: ReadonlySet<unknown>, run: string, folder: string) {
  const evidence = controlled.has(run) ? readEvidence(folder) : undefined
  const predictions = evidence?.splits.validation?.predictions_sha256 ?? undefined
  return evidence && controlOf(ledger, run, evidence.dataset_hash, predictions)
}

/**
 * Nobody spends a look on a run of which it is known that no verdict may rest on it, unless a person let it be judged.
 * @throws Refusal RUN_NOT_JUDGEABLE
 */
export function requireJudgeable(workspace: Workspace, run: EvaluatedRun): void {
  const ledger = readLedger(workspace)
  const { run: id, increment, folder, dataset } = run
  const found = notJudgeable({
    reads: readsOn(workspace, dataset, searchedOf(workspace, dataset, ledger))(id, folder),
    control: controlIn(ledger, failedControls(ledger), id, folder),
  })
  if (!found) return
  const { candidate } = readSpec(resolveIncrement(workspace, increment)).front.ml
  const waived = waiversOf(ledger, increment).some(({ check }) => check === found.check)
  if (waived && (candidate ?? id) === id) return
  throw new Refusal(
    'RUN_NOT_JUDGEABLE',
    `${id}: ${found.mark}. ${found.reason} No look was taken: no verdict could rest on it.`,
    {
      next: [
        {
          tool: 'compare_runs',
          arguments: { increment },
          why: 'shows the best run of those that can be judged',
        },
        {
          person: `specweave-ml approve ${increment} --waive ${found.check} --reason "..."`,
          why: `lets it be judged all the same${candidate === id ? '' : `, with candidate: ${id} in spec.md`}, which every document shows`,
        },
      ],
    },
  )
}

/** A waiver is of the candidate: another run that the same is known of has none. */
export function withWaiver(
  runs: readonly RunSummary[],
  candidate: string | null | undefined,
  waivers: readonly { check: string }[],
): RunSummary[] {
  const isWaived = (found: NotJudgeable | undefined): found is NotJudgeable =>
    found !== undefined && waivers.some(({ check }) => check === found.check)
  return runs.map((run) =>
    run.run === candidate && isWaived(run.notJudgeable)
      ? { ...run, notJudgeable: { ...run.notJudgeable, waived: true } }
      : run,
  )
}

/** The same for runs of any increments: the candidate is the run that spec.md names. */
export function withWaivers(
  workspace: Workspace,
  ledger: Ledger,
  runs: readonly RunSummary[],
): readonly RunSummary[] {
  const found = new Set(runs.flatMap((run) => (run.notJudgeable ? [run.increment] : [])))
  return [...found].reduce<readonly RunSummary[]>((all, id) => {
    const waivers = waiversOf(ledger, id)
    if (waivers.length === 0) return all
    return withWaiver(all, readSpec(resolveIncrement(workspace, id)).front.ml.candidate, waivers)
  }, runs)
}

/** Runs that a control of theirs failed for; most ledgers hold none. */
function failedControls(ledger: Ledger): ReadonlySet<unknown> {
  return new Set(
    ledger.lines
      .filter(({ event, data }) => event === 'control.measured' && data.verdict === 'fail')
      .map(({ data }) => data.of),
  )
}
