import { join } from 'node:path'
import { createExclusive, readText, writeFileAtomic } from '../adapters/files.ts'
import type { Layout } from './layout.ts'

/** Lets Git hold the predictions that verdicts read: they are written compressed, for this. */
export const PREDICTIONS_RULE = '!increments/*/experiments/**/predictions/*.csv.gz'

/**
 * What a reviewer needs is committed: documents, run.json, parameters, metrics, evidence, ends, figures, and the
 * predictions that verdicts read. Everything else can be made again or is too large: the index, rows, events, logs,
 * artifacts, process files.
 */
const GITIGNORE = `index.db*
reservations/
jobs/
datasets/*/.new-*
datasets/*/v*/train.*
datasets/*/v*/validation.*
datasets/*/v*/test.*
increments/*/experiments/**
!increments/*/experiments/**/
!increments/*/experiments/comparison.md
!increments/*/experiments/differences.json
!increments/*/experiments/**/run.json
!increments/*/experiments/**/params.json
!increments/*/experiments/**/metrics.json
!increments/*/experiments/**/evidence.json
!increments/*/experiments/**/end.json
!increments/*/experiments/**/*.png
${PREDICTIONS_RULE}
increments/*/models/*
!increments/*/models/*.metadata.json
`

/** What earlier versions wrote: a file that still says just this was edited by nobody. */
const FORMER = [
  GITIGNORE.replace(`${PREDICTIONS_RULE}\n`, ''),
  GITIGNORE.replace(`${PREDICTIONS_RULE}\n`, '').replace('!increments/*/experiments/differences.json\n', ''),
]

const GITATTRIBUTES = `increments/*/experiments/**/*.json linguist-generated
datasets/*/v*/dataset.json linguist-generated
code/* linguist-generated -diff
ledger/*.jsonl text eol=lf merge=union
`

/** Writes `.gitignore` and `.gitattributes` where they are missing, and brings ours up to date where nobody edited it. */
export function writeGitRules(layout: Layout): void {
  const file = join(layout.folder, '.gitignore')
  if (!createExclusive(file, GITIGNORE) && FORMER.includes(readText(file) ?? ''))
    writeFileAtomic(file, GITIGNORE)
  createExclusive(join(layout.folder, '.gitattributes'), GITATTRIBUTES)
}

/**
 * Sees to it that Git takes compressed predictions up.
 * @returns false where a person's `.gitignore` keeps them out.
 */
export function admitPredictions(layout: Layout): boolean {
  const file = join(layout.folder, '.gitignore')
  const text = readText(file)
  // Without the file nothing is kept out.
  if (text === undefined) return true
  if (FORMER.includes(text)) {
    writeFileAtomic(file, GITIGNORE)
    return true
  }
  return text.includes(PREDICTIONS_RULE) || !text.includes('increments/*/experiments/**')
}
