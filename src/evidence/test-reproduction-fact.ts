import type { ArtifactSummary } from '../core/run-summary.ts'
import type { ReproductionFact } from '../core/test-reproduction.ts'
import { readEvidence } from './evidence-file.ts'
import type { Ledger } from './ledger.ts'
import { savedModel } from './prediction.ts'
import { codeSha256, reproductionOf } from './test-reproduction.ts'

/** @returns `undefined` for a run that was not looked at. */
export function reproductionFact(
  ledger: Ledger,
  run: { run: string; artifacts: readonly ArtifactSummary[] },
  runFolder: string,
): ReproductionFact | undefined {
  const evidence = readEvidence(runFolder)
  const test = evidence?.splits.test
  if (!evidence || !test || test.baseline) return undefined
  const found = reproductionOf(ledger, run.run, evidence.dataset_hash, test.predictions_sha256)
  if (!found) return { due: test.reproduction === 'due' }
  const model = savedModel(runFolder)
  const recorded = run.artifacts.find(({ path }) => path === model?.n)?.sha256
  const code = codeSha256(runFolder, model)
  const changed = [
    ...(model && (model.n !== found.model || (recorded && recorded !== found.model_sha256))
      ? ['the saved model']
      : []),
    // In a clone the copies may be missing, and then nothing can be said of them.
    ...(code !== null && code !== found.code_sha256 ? ['the code that was saved with it'] : []),
  ]
  return {
    due: true,
    found,
    ...(changed.length > 0 && found.status === 'reproduced' ? { changed: changed.join(' and ') } : {}),
  }
}
