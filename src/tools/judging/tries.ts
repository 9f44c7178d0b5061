import type { Ledger } from '../../evidence/ledger.ts'
import { triesOf } from '../../evidence/tries.ts'
import type { Index } from '../../store/index-db.ts'
import { sql } from '../../store/schema.ts'

/**
 * The tries of an increment on a data set: runs that got a score on validation, each seed by itself, and those that were
 * deleted since. The lab's own baselines are none, since nobody chooses among them, and neither are controls and repetitions.
 */
export function triesMade(
  ledger: Ledger,
  index: Index,
  increment: string,
  datasetHash: string,
  folds = false,
): Set<string> {
  const tries = triesOf(ledger, increment, datasetHash, folds)
  for (const { run } of index.all(sql.selectFrom('runs').select('run').where('baseline', 'is not', null)))
    tries.delete(run)
  for (const { run } of index.all(sql.selectFrom('runs').select('run').where('aside', 'is not', null)))
    tries.delete(run)
  return tries
}
