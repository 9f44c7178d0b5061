import { Refusal } from '../core/errors.ts'
import type { Workspace } from '../store/workspace.ts'
import { type Ledger, readLedger, withLedger } from './ledger.ts'
import { versionsOfTheSameLabels } from './same-labels.ts'

/** `data` of a `look.taken` line. */
export interface LookData {
  increment: string
  /** `churn@1` */
  dataset: string
  dataset_hash: string
  run: string
  predictions_sha256: string
  /** By which labels were made: the same scores with other labels are another look. */
  threshold?: number
  /** 1 for the first look of the increment at this dataset. */
  look: number
  budget: number
}

export interface LookUse {
  used: number
  budget: number
}

/**
 * The looks that an increment has taken at a dataset, or at another version with the very same sealed labels, over all
 * chains; each set of predictions counts once, and one
 * that was returned (the file did not fit the split, nothing was scored) does not count. Lines that do not verify count
 * as well: a false line can only cost looks.
 */
export function looksTaken(ledger: Ledger, increment: string, datasetHash: string): LookData[] {
  const same = versionsOfTheSameLabels(ledger, datasetHash)
  const looks = new Map<string, LookData>()
  for (const line of ledger.lines) {
    const data = line.data as unknown as LookData
    if (data.increment !== increment || !same.has(data.dataset_hash)) continue
    if (line.event === 'look.taken' && !looks.has(lookedAt(data))) looks.set(lookedAt(data), data)
    if (line.event === 'look.returned' && line.verified) looks.delete(lookedAt(data))
  }
  return [...looks.values()]
}

/** Each set of labels and scores counts once, for each version: another evaluator says something new of them. */
function lookedAt({
  dataset_hash,
  predictions_sha256,
  threshold,
}: Pick<LookData, 'dataset_hash' | 'predictions_sha256' | 'threshold'>) {
  return [dataset_hash, predictions_sha256, ...(threshold === undefined ? [] : [threshold])].join(' ')
}

export function looksUsed(workspace: Workspace, increment: string, datasetHash: string): number {
  return looksTaken(readLedger(workspace), increment, datasetHash).length
}

/** Whether this run itself took the look at these predictions: another that handed in the same has not been asked about. */
export function tookLook(workspace: Workspace, request: LookRequest): boolean {
  const { increment, datasetHash, predictionsSha256, threshold, run } = request
  const mine = lookedAt({ dataset_hash: datasetHash, predictions_sha256: predictionsSha256, threshold })
  return looksTaken(readLedger(workspace), increment, datasetHash).some(
    (look) => look.run === run && lookedAt(look) === mine,
  )
}

export interface LookRequest {
  increment: string
  dataset: string
  datasetHash: string
  run: string
  predictionsSha256: string
  /** Chosen for the run. */
  threshold?: number
  /** `ml.looks` of the increment. */
  budget: number
}

export interface Look extends LookUse {
  /** Which look this is, 1 for the first. */
  look: number
  /** The same predictions were looked at before: this cost nothing. */
  repeated: boolean
}

/**
 * Takes a look at the sealed test set, before anything is scored: it is decided and written under the ledger's lock, so
 * that two calls at once cannot exceed the budget and a crash in between never gives a look for free.
 * @throws Refusal LOOKS_SPENT
 */
export function takeLook(workspace: Workspace, request: LookRequest): Promise<Look> {
  const { increment, dataset, datasetHash, run, predictionsSha256, threshold, budget } = request
  return withLedger(workspace, (ledger, append) => {
    const taken = looksTaken(ledger, increment, datasetHash)
    const used = taken.length
    const mine = lookedAt({ dataset_hash: datasetHash, predictions_sha256: predictionsSha256, threshold })
    const before = taken.find((look) => lookedAt(look) === mine)
    if (before) return { look: before.look, used, budget, repeated: true }
    if (used >= budget) throw looksSpent(request, taken)
    const data: LookData = {
      increment,
      dataset,
      dataset_hash: datasetHash,
      run,
      predictions_sha256: predictionsSha256,
      ...(threshold === undefined ? {} : { threshold }),
      look: used + 1,
      budget,
    }
    append('look.taken', { ...data })
    return { look: used + 1, used: used + 1, budget, repeated: false }
  })
}

/** Gives back a look that nothing was learned by: the predictions did not fit the split and were never scored. */
export async function returnLook(workspace: Workspace, request: LookRequest, reason: string): Promise<void> {
  await withLedger(workspace, (_ledger, append) =>
    append('look.returned', {
      increment: request.increment,
      dataset_hash: request.datasetHash,
      run: request.run,
      predictions_sha256: request.predictionsSha256,
      ...(request.threshold === undefined ? {} : { threshold: request.threshold }),
      reason,
    }),
  )
}

function looksSpent({ increment, dataset, budget }: LookRequest, taken: LookData[]): Refusal {
  const runs = taken.map((look) => look.run).join(', ')
  return new Refusal(
    'LOOKS_SPENT',
    `Increment ${increment} has used ${taken.length} of ${budget} looks at the sealed test set of ${dataset}${runs && ` (${runs})`}. Nothing was scored.`,
    {
      next: [
        {
          tool: 'compare_runs',
          arguments: { increment, split: 'validation' },
          why: 'choose on validation, which costs no look',
        },
        {
          tool: 'validate_increment',
          arguments: { increment },
          why: 'says where the increment stands with the looks it has taken',
        },
      ],
    },
  )
}
