import { labCode, labCodeProblem } from '../../adapters/lab/code.ts'
import { readEvidence } from '../../evidence/evidence-file.ts'
import { measuredBy } from '../../evidence/lab-tamper.ts'
import type { Ledger } from '../../evidence/ledger.ts'
import type { LabCodeFact } from '../../increments/lab-code-check.ts'

/** For the gates: the lab's own code, and by which code the candidate was measured. */
export function labCodeFact(
  ledger: Ledger,
  candidate: { run: string; folder: string } | undefined,
): LabCodeFact {
  const code = labCode()
  const problem = labCodeProblem(code)
  const evidence = candidate && readEvidence(candidate.folder)
  return {
    sha256: code.sha256,
    ...(problem ? { problem } : {}),
    measured: measuredBy(evidence, ledger).map((one) => ({ run: candidate!.run, ...one })),
  }
}
