import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { judgeabilityWords } from '../../core/judgeability.ts'
import { sortMeasurements } from '../../core/measurement.ts'
import type { RunSummary } from '../../core/run-summary.ts'
import { thresholdWords } from '../../core/threshold.ts'
import type { Workspace } from '../../store/workspace.ts'
import type { RunView } from './run-view.ts'

/** What the ledger has to say of a run that is shown. */
export interface RecordedView {
  summary: RunSummary
  shown: Pick<RunView, 'reproduces' | 'reproduced' | 'threshold' | 'not_judgeable'>
  /** What has to be known to read what its model costs. */
  warnings: string[]
}

const MOST_REPETITIONS = 5

/** Numbers that were edited after they were measured are not shown as measured. */
export async function recordedView(
  workspace: Workspace,
  run: RunSummary,
  folder: string,
): Promise<RecordedView> {
  const reproduces = run.reproduces ? { reproduces: run.reproduces } : {}
  // The ledger may be long, and a run that nobody measured is not in it.
  if (!existsSync(join(folder, 'evidence.json'))) return { summary: run, shown: reproduces, warnings: [] }
  const [{ readLedger }, { reproductionsOf }, recordedEvidence, judgeable, { costWarnings }] =
    await Promise.all([
      import('../../evidence/ledger.ts'),
      import('../../evidence/run-reproductions.ts'),
      import('../judging/recorded-evidence.ts'),
      import('../judging/judgeable-runs.ts'),
      import('../../evidence/cost-evidence.ts'),
    ])
  const ledger = readLedger(workspace)
  const { recordedCost, withRecordedEvidence } = recordedEvidence
  const recorded = withRecordedEvidence(run, folder, ledger, false)
  const { withJudgeability, withWaivers } = judgeable
  const known = withWaivers(
    workspace,
    ledger,
    withJudgeability(workspace, ledger, [recorded], () => folder),
  )
  const summary = known[0] ?? recorded
  const reproduced = reproductionsOf(ledger, run.run)
    .slice(-MOST_REPETITIONS)
    .map(
      ({ reproduction, outcome, at }) =>
        `${outcome.replace('_', ' ')} on ${at.slice(0, 10)}: ${reproduction}`,
    )
  const cost = recordedCost(folder, ledger)
  return {
    warnings: cost ? costWarnings(cost).map((said) => `cost of its model: ${said}`) : [],
    summary: { ...summary, metrics: sortMeasurements(summary.metrics) },
    shown: {
      ...reproduces,
      ...(reproduced.length > 0 ? { reproduced } : {}),
      ...(summary.threshold ? { threshold: thresholdWords(summary.threshold) } : {}),
      ...(summary.notJudgeable ? { not_judgeable: judgeabilityWords(summary.notJudgeable) } : {}),
    },
  }
}

/** The same as text, a line each. */
export function recordedLines(view: RecordedView['shown']): string[] {
  const { reproduces, reproduced, threshold, not_judgeable } = view
  return [
    ...(not_judgeable ? [not_judgeable] : []),
    ...(threshold ? [`threshold: labels are those of ${threshold}`] : []),
    ...(reproduces ? [`repeats ${reproduces}`] : []),
    ...(reproduced ?? []).map((line) => `reproduced: ${line}`),
  ]
}
