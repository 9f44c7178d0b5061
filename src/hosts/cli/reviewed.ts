import { changedSourceInWords, type DataReview, reviewData } from '../../evidence/data-review.ts'
import { type GoneRun, goneInWords, goneRuns } from '../../evidence/gone-runs.ts'
import type { Ledger } from '../../evidence/ledger.ts'
import { listIncrements } from '../../increments/load.ts'
import { openIndex } from '../../store/index-db.ts'
import type { Workspace } from '../../store/workspace.ts'
import { editedDocuments } from '../../tools/verdict/edited-documents.ts'
import { editedRuns } from '../../tools/verdict/edited-runs.ts'
import {
  type GoneIncrement,
  goneIncrementInWords,
  goneIncrements,
  goneVerdictLine,
} from '../../tools/verdict/gone-increments.ts'
import { type RecordedVerdict, recordedVerdict, verdictLine } from '../../tools/verdict/recorded-verdict.ts'
import type { CliIo } from './io.ts'

/** What a reviewer wants to know of each increment, and what its files say otherwise than the records. */
export interface Review {
  increments: RecordedVerdict[]
  /** Sentences; each makes `verify` fail. */
  problems: string[]
  /** Runs of increments that are not there at all. */
  goneWithAll: GoneRun[]
  /** Judged or closed, and not there at all. */
  goneIncrements: GoneIncrement[]
  data: DataReview
  /** What is out of date in the files of runs; a sentence each. */
  outdated: string[]
}

/**
 * @param runs all that are on disk.
 * @param only the id of an increment; all without it.
 */
export async function reviewed(
  workspace: Workspace,
  ledger: Ledger,
  runs: readonly { run: string; increment: string; folder: string }[],
  only?: string,
): Promise<Review> {
  const index = await openIndex(workspace.layout)
  const here = listIncrements(workspace)
  const refs = here.filter(({ id }) => only === undefined || id === only)
  const increments = refs.map((increment) => recordedVerdict(workspace, index, ledger, increment))
  const all = new Set(here.map(({ id }) => id))
  const data = reviewData(workspace, ledger)
  const files = editedRuns(
    workspace.root,
    runs.filter(({ increment }) => only === undefined || increment === only),
    ledger,
  )
  const gone = only === undefined ? goneIncrements(workspace, ledger, all) : []
  return {
    increments,
    data,
    goneIncrements: gone,
    outdated: files.notes,
    goneWithAll: only === undefined ? goneRuns(ledger, (run) => all.has(run.split('/')[0] ?? '')) : [],
    problems: [
      ...gone.filter(({ aside }) => !aside).map(goneIncrementInWords),
      ...data.problems,
      ...files.problems,
      ...increments.flatMap(({ problems }) => problems),
      ...editedDocuments(workspace, refs),
    ],
  }
}

/** What differs, on stderr. Runs that are gone are a warning: where the latest verdict read one, that is said beside. */
export function printReview(io: CliIo, review: Review): void {
  const { increments, problems, goneWithAll, goneIncrements, data, outdated } = review
  for (const problem of problems) io.err(problem)
  for (const note of outdated) io.err(`warning: ${note}`)
  for (const one of goneIncrements) if (one.aside) io.err(`warning: ${goneIncrementInWords(one)}`)
  for (const note of data.notCompared) io.out(`note: ${note}`)
  if (goneWithAll.length > 0)
    io.err(`warning: in the ledger, and not on disk, with all of its increment: ${goneInWords(goneWithAll)}`)
  for (const { gone, metric, notes, notCompared } of increments) {
    for (const note of notCompared) io.out(`note: ${note}`)
    if (gone.length > 0) io.err(`warning: in the ledger, and not on disk: ${goneInWords(gone, metric)}`)
    for (const note of notes) io.err(`warning: ${note}`)
  }
}

/** A warning: nothing that was recorded is another for it. @param told data sets of which it was said already. */
export function printChangedSources(io: CliIo, { data }: Review, told: readonly string[]): void {
  for (const one of data.changedSources)
    if (!told.includes(one.dataset)) io.err(`warning: ${changedSourceInWords(one)}`)
}

/** Last of all, a line for each increment with a verdict. @param state what is proven of it here. */
export function printVerdicts(io: CliIo, { increments, goneIncrements }: Review, state: string): void {
  for (const one of goneIncrements) io.out(goneVerdictLine(one))
  for (const one of increments) if (one.verdict) io.out(verdictLine(one, state))
}

export function reviewJson(review: Review): Record<string, unknown> {
  const { increments, problems, goneWithAll, goneIncrements, data, outdated } = review
  return {
    increments: increments
      .filter(({ verdict }) => verdict !== null)
      .map(({ gone, metric, problems, notes, notCompared, ...one }) => one),
    changed_files: problems,
    gone_runs: [...increments.flatMap(({ gone }) => gone), ...goneWithAll],
    gone_increments: goneIncrements,
    changed_sources: data.changedSources,
    not_compared: [...data.notCompared, ...increments.flatMap(({ notCompared }) => notCompared)],
    notes: [...outdated, ...increments.flatMap(({ notes }) => notes)],
  }
}
