import type { EvidenceData } from './evidence-file.ts'
import type { Ledger } from './ledger.ts'
import { versionsOfTheSameLabels } from './same-labels.ts'

/**
 * The runs of an increment that got a score on validation of a data set, as the ledger has them: a run whose folder was
 * deleted since was tried all the same. Lines that do not verify count as well: a false line can only cost.
 * @param folds those that got a score on folds as well.
 */
export function triesOf(ledger: Ledger, increment: string, datasetHash: string, folds = false): Set<string> {
  const same = versionsOfTheSameLabels(ledger, datasetHash)
  const tries = new Set<string>()
  for (const { event, data } of ledger.lines) {
    if (event !== 'evidence.recorded') continue
    const { run, dataset_hash, splits } = data as unknown as EvidenceData
    if (
      same.has(dataset_hash) &&
      run.startsWith(`${increment}/`) &&
      (splits?.validation || (folds && splits?.folds))
    )
      tries.add(run)
  }
  return tries
}
