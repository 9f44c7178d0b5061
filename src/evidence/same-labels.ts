import type { Ledger } from './ledger.ts'

/**
 * The versions that seal the very labels of this one, itself among them: registered again with another evaluator or
 * another policy, the data is another version, and what its labels were asked before is not forgotten.
 */
export function versionsOfTheSameLabels(ledger: Ledger, datasetHash: string): Set<string> {
  const registered = ledger.lines.filter(({ event, verified }) => event === 'dataset.registered' && verified)
  const labels = new Set(
    registered
      .filter(({ data }) => data.dataset_hash === datasetHash && typeof data.labels_sha256 === 'string')
      .map(({ data }) => data.labels_sha256),
  )
  const same = registered.filter(({ data }) => labels.has(data.labels_sha256))
  return new Set([datasetHash, ...same.map(({ data }) => String(data.dataset_hash))])
}
