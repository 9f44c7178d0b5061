import { canonicalJson } from '../core/canonical-json.ts'
import { Refusal } from '../core/errors.ts'
import { isThreshold, type Threshold, thresholdWords } from '../core/threshold.ts'
import type { Ledger } from './ledger.ts'

/** `data` of a `threshold.chosen` line. */
export interface ThresholdData extends Threshold {
  run: string
  dataset_hash: string
}

/** The threshold by which a run's labels are made: the last that was chosen, in any chain. */
export function thresholdOf(ledger: Ledger, run: string, datasetHash: string): Threshold | undefined {
  const line = ledger.lines.findLast(
    ({ event, verified, data }) =>
      event === 'threshold.chosen' &&
      verified &&
      data.run === run &&
      data.dataset_hash === datasetHash &&
      isThreshold(data),
  )
  if (!line) return undefined
  const { run: _run, dataset_hash: _hash, ...threshold } = line.data as unknown as ThresholdData
  return threshold
}

/** Whether two records of a threshold, or of none, say the same. */
export function isSameThreshold(a: Threshold | undefined, b: Threshold | undefined): boolean {
  return canonicalJson(a ?? null) === canonicalJson(b ?? null)
}

/** A sentence for a proof: evidence.json tells another threshold than the ledger. */
export function otherThreshold(told: Threshold | undefined, recorded: Threshold | undefined): string {
  return `evidence.json says ${told ? `threshold ${thresholdWords(told)}` : 'no threshold'}, and the ledger ${recorded ? thresholdWords(recorded) : 'none'}`
}

/** @throws Refusal THRESHOLD_FROZEN */
export function requireUnlooked(ledger: Ledger, run: string, datasetHash: string): void {
  if (!wasLookedAt(ledger, run, datasetHash)) return
  const threshold = thresholdOf(ledger, run, datasetHash)
  const now = threshold ? `it is ${thresholdWords(threshold)}` : 'its labels are those that it handed in'
  throw new Refusal(
    'THRESHOLD_FROZEN',
    `${run} was looked at on test, and its threshold is frozen since then: ${now}. One that is chosen after the look would be chosen by it. To try another, run the experiment again and choose on validation before its look, which is counted.`,
    {
      next: [
        {
          tool: 'evaluate_run',
          arguments: { run, split: 'test' },
          why: 'says what it reached there; the same labels are no new look',
        },
      ],
    },
  )
}

/** Whether the run's labels on test were seen. Lines that do not verify count too: a false one can only freeze. */
function wasLookedAt(ledger: Ledger, run: string, datasetHash: string): boolean {
  const taken = new Set<string>()
  for (const { event, verified, data } of ledger.lines) {
    if (data.run !== run || data.dataset_hash !== datasetHash) continue
    const key = canonicalJson([data.predictions_sha256, data.threshold])
    if (event === 'look.taken') taken.add(key)
    if (event === 'look.returned' && verified) taken.delete(key)
  }
  return taken.size > 0
}
