import { type GoneRun, goneInWords, goneRuns } from '../../evidence/gone-runs.ts'
import type { Ledger } from '../../evidence/ledger.ts'
import { listIncrements } from '../../increments/load.ts'
import { openIndex } from '../../store/index-db.ts'
import type { Workspace } from '../../store/workspace.ts'
import { editedDocuments } from '../../tools/verdict/edited-documents.ts'
import { type RecordedVerdict, recordedVerdict, verdictLine } from '../../tools/verdict/recorded-verdict.ts'
import type { CliIo } from './io.ts'

/** What a reviewer wants to know of each increment, and what its files say otherwise than the records. */
export interface Review {
  increments: RecordedVerdict[]
  /** Sentences; each makes `verify` fail. */
  problems: string[]
  /** Runs of increments that are not there at all. */
  goneWithAll: GoneRun[]
}

/** @param only the id of an increment; all without it. */
export async function reviewed(workspace: Workspace, ledger: Ledger, only?: string): Promise<Review> {
  const index = await openIndex(workspace.layout)
  const refs = listIncrements(workspace).filter(({ id }) => only === undefined || id === only)
  const increments = refs.map((increment) => recordedVerdict(workspace, index, ledger, increment))
  const all = new Set(listIncrements(workspace).map(({ id }) => id))
  return {
    increments,
    goneWithAll: only === undefined ? goneRuns(ledger, (run) => all.has(run.split('/')[0] ?? '')) : [],
    problems: [...increments.flatMap(({ problems }) => problems), ...editedDocuments(workspace, refs)],
  }
}

/** What differs, on stderr. Runs that are gone are a warning: where the latest verdict read one, that is said beside. */
export function printReview(io: CliIo, { increments, problems, goneWithAll }: Review): void {
  for (const problem of problems) io.err(problem)
  if (goneWithAll.length > 0)
    io.err(`warning: in the ledger, and not on disk, with all of its increment: ${goneInWords(goneWithAll)}`)
  for (const { gone, metric, notes } of increments) {
    if (gone.length > 0) io.err(`warning: in the ledger, and not on disk: ${goneInWords(gone, metric)}`)
    for (const note of notes) io.err(`warning: ${note}`)
  }
}

/** Last of all, a line for each increment with a verdict. @param state what is proven of it here. */
export function printVerdicts(io: CliIo, { increments }: Review, state: string): void {
  for (const one of increments) if (one.verdict) io.out(verdictLine(one, state))
}

export function reviewJson({ increments, problems, goneWithAll }: Review): Record<string, unknown> {
  return {
    increments: increments
      .filter(({ verdict }) => verdict !== null)
      .map(({ gone, metric, problems, notes, ...one }) => one),
    changed_files: problems,
    gone_runs: [...increments.flatMap(({ gone }) => gone), ...goneWithAll],
    notes: increments.flatMap(({ notes }) => notes),
  }
}
