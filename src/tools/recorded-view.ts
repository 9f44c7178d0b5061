import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { sortMeasurements } from '../core/measurement.ts'
import type { RunSummary } from '../core/run-summary.ts'
import { thresholdWords } from '../core/threshold.ts'
import type { Workspace } from '../store/workspace.ts'
import type { RunView } from './run-view.ts'

/** What the ledger has to say of a run that is shown. */
export interface RecordedView {
  summary: RunSummary
  shown: Pick<RunView, 'reproduces' | 'reproduced' | 'threshold'>
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
  if (!existsSync(join(folder, 'evidence.json'))) return { summary: run, shown: reproduces }
  const [{ readLedger }, { reproductionsOf }, { withRecordedEvidence }] = await Promise.all([
    import('../evidence/ledger.ts'),
    import('../evidence/run-reproductions.ts'),
    import('./recorded-evidence.ts'),
  ])
  const ledger = readLedger(workspace)
  const summary = withRecordedEvidence(run, folder, ledger, false)
  const reproduced = reproductionsOf(ledger, run.run)
    .slice(-MOST_REPETITIONS)
    .map(
      ({ reproduction, outcome, at }) =>
        `${outcome.replace('_', ' ')} on ${at.slice(0, 10)}: ${reproduction}`,
    )
  return {
    summary: { ...summary, metrics: sortMeasurements(summary.metrics) },
    shown: {
      ...reproduces,
      ...(reproduced.length > 0 ? { reproduced } : {}),
      ...(summary.threshold ? { threshold: thresholdWords(summary.threshold) } : {}),
    },
  }
}

/** The same as text, a line each. */
export function recordedLines({ reproduces, reproduced, threshold }: RecordedView['shown']): string[] {
  return [
    ...(threshold ? [`threshold: labels are those of ${threshold}`] : []),
    ...(reproduces ? [`repeats ${reproduces}`] : []),
    ...(reproduced ?? []).map((line) => `reproduced: ${line}`),
  ]
}
