import { join } from 'node:path'
import { createExclusive, readText, writeFileAtomic } from '../adapters/files.ts'
import type { Layout } from './layout.ts'

/** Lets Git hold the predictions that verdicts read: they are written compressed, for this. */
export const PREDICTIONS_RULE = '!increments/*/experiments/**/predictions/*.csv.gz'

/** Lets Git hold what scripts were seen to read. */
const SEEN_RULE = '!increments/*/experiments/**/seen.json'

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
${SEEN_RULE}
!increments/*/experiments/**/*.png
${PREDICTIONS_RULE}
increments/*/models/*
!increments/*/models/*.metadata.json
`

/** Lines that came one after the other, each with a version. */
const ADDED = [PREDICTIONS_RULE, '!increments/*/experiments/differences.json', SEEN_RULE]

/** What earlier versions wrote: a file that still says just this was edited by nobody. */
const FORMER = withoutSome(GITIGNORE, ADDED).slice(1)

function withoutSome(text: string, lines: readonly string[]): string[] {
  const [line, ...rest] = lines
  if (line === undefined) return [text]
  return [text, text.replace(`${line}\n`, '')].flatMap((each) => withoutSome(each, rest))
}

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
