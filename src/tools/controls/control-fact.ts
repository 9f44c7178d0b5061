import { isEnd } from '../../core/run-state.ts'
import type { RunSummary } from '../../core/run-summary.ts'
import { controlOf } from '../../evidence/control.ts'
import type { Evidence } from '../../evidence/evidence-file.ts'
import type { Ledger } from '../../evidence/ledger.ts'
import type { ControlFact } from '../../increments/control-checks.ts'
import { controlRuns } from '../../runs/control-runs.ts'
import type { Index } from '../../store/index-db.ts'

/** Problem types whose labels can be dealt anew without making another problem of them. */
const SHUFFLED = new Set(['classification', 'regression'])

/** Where the control of a candidate stands: what the ledger holds of it, or the control run that is on its way. */
export function controlFact(
  index: Index,
  ledger: Ledger,
  candidate: RunSummary,
  evidence: Evidence | undefined,
  problemType: string,
): ControlFact {
  if (!SHUFFLED.has(problemType))
    return { impossible: `labels are shuffled for a classification or a regression, not a ${problemType}` }
  const measured =
    evidence &&
    controlOf(
      ledger,
      candidate.run,
      evidence.dataset_hash,
      evidence.splits.validation?.predictions_sha256 ?? undefined,
    )
  if (measured) return { measured }
  const runs = controlRuns(index, candidate.run)
  const running = runs.find(({ state }) => !isEnd(state))
  if (running) return { running: running.run }
  const last = runs.at(-1)
  if (!last) return {}
  const why =
    last.state === 'succeeded' ? (last.warnings.at(-1) ?? 'no predictions') : (last.reason ?? last.state)
  return { unmeasured: { run: last.run, why } }
}
