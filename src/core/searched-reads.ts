import { isCount, isFlag, isText, listOf, maybe, type Shape, withMembers } from './shape.ts'

/** What the lab found in one file that a run was seen to read. */
export interface SearchedFile {
  /** As `seen.json` shows it. */
  path: string
  sha256: string
  /** Rows of the test set that were looked up, and those that the file holds, by the values of their features or by id. */
  looked_up: number
  found: number
  /** Whether it holds what is to be predicted of them, too. */
  answers: boolean
}

/** A line `reads.searched` of the ledger. */
export interface SearchedLine {
  run: string
  dataset_hash: string
  lab: string
  files: SearchedFile[]
  /** Files that could not be read as a table, or were too large. */
  left_out: number
  /** The same by name, with the reason; not in lines of earlier versions. */
  not_searched?: LeftOutFile[]
}

export interface LeftOutFile {
  path: string
  sha256: string
  /** In words: `pickle is never loaded`. */
  why: string
}

export const isSearchedLine: Shape = withMembers({
  run: isText,
  dataset_hash: isText,
  files: listOf(
    withMembers({ path: isText, sha256: isText, looked_up: isCount, found: isCount, answers: isFlag }),
  ),
  not_searched: maybe(listOf(withMembers({ path: isText, sha256: isText, why: isText }))),
})
