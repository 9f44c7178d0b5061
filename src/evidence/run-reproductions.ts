import type { Workspace } from '../store/workspace.ts'
import { type Ledger, readLedger, withLedger } from './ledger.ts'

/** `data` of a `run.reproduced` line. */
export interface ReproducedData {
  /** The run that was repeated. */
  run: string
  /** The run that repeated it. */
  reproduction: string
  outcome: string
  [member: string]: unknown
}

export interface Reproduced extends ReproducedData {
  /** ISO 8601, UTC: when it was compared. */
  at: string
}

/** What the ledger holds of a run's repetitions, the newest last. Lines that do not verify are anybody's. */
export function reproductionsOf(ledger: Ledger, run: string): Reproduced[] {
  return ledger.lines
    .filter((line) => line.event === 'run.reproduced' && line.verified && line.data.run === run)
    .map(({ data, at }) => ({ ...(data as ReproducedData), at }))
}

/** How a repetition came out, where it was compared before. */
export function recordedReproduction(
  workspace: Workspace,
  run: string,
  reproduction: string,
): Reproduced | undefined {
  return reproductionsOf(readLedger(workspace), run).find((one) => one.reproduction === reproduction)
}

/** Records how a repetition came out, once: whoever compared it first is right. */
export function recordReproduction(workspace: Workspace, data: ReproducedData): Promise<Reproduced> {
  return withLedger(workspace, (ledger, append) => {
    const there = reproductionsOf(ledger, data.run).find(
      ({ reproduction }) => reproduction === data.reproduction,
    )
    return there ?? { ...data, at: append('run.reproduced', data).at }
  })
}
