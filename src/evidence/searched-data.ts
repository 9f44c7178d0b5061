import { createHash } from 'node:crypto'
import { canonicalJson } from '../core/canonical-json.ts'
import type { DatasetRecord } from '../core/dataset-record.ts'
import type { Ledger } from './ledger.ts'

/** SHA-256 of what registration found in the data and of its evaluator; `undefined` for a version of before that. */
export function searchedSha256(record: DatasetRecord): string | undefined {
  const { leakage, controls } = record
  if (!leakage && !controls) return undefined
  return createHash('sha256')
    .update(canonicalJson({ leakage: leakage ?? null, controls: controls ?? null }))
    .digest('hex')
}

/** Whether dataset.json says of leakage and controls something else than the ledger holds from its registration. */
export function searchChanged(ledger: Ledger, record: DatasetRecord): boolean {
  const line = ledger.lines.find(
    ({ event, verified, data }) =>
      event === 'dataset.registered' && verified && data.dataset_hash === record.hash,
  )
  const recorded = line?.data.searched_sha256
  return typeof recorded === 'string' && recorded !== searchedSha256(record)
}
