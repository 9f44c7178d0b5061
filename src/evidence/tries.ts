import type { EvidenceData } from './evidence-file.ts'
import type { Ledger } from './ledger.ts'

/**
 * The runs of an increment that got a score on validation of a data set, as the ledger has them: a run whose folder was
 * deleted since was tried all the same. Lines that do not verify count as well: a false line can only cost.
 */
export function triesOf(ledger: Ledger, increment: string, datasetHash: string): Set<string> {
  const tries = new Set<string>()
  for (const { event, data } of ledger.lines) {
    if (event !== 'evidence.recorded') continue
    const { run, dataset_hash, splits } = data as unknown as EvidenceData
    if (dataset_hash === datasetHash && run.startsWith(`${increment}/`) && splits?.validation) tries.add(run)
  }
  return tries
}
