import { join } from 'node:path'
import { confine, readText, writeFileAtomic } from '../adapters/files.ts'
import { type BlockOutcome, putBlock } from '../core/managed-blocks.ts'
import { type ComparisonFacts, renderComparison } from './comparison.ts'
import { inline } from './markdown-text.ts'
import { renderSummary } from './summary.ts'
import type { SummaryFacts } from './summary-facts.ts'

export interface DocumentBlock {
  /** The block's name in the file. */
  name: string
  body: string
  /** What a new file begins with; people may change it. */
  opening?: string
}

export interface DocumentOutcome {
  /** Absolute. */
  path: string
  outcome: BlockOutcome
}

/**
 * Puts a block into a file under `root` and writes the file where that changes it. What people wrote around the block
 * stays; what they wrote inside it is a conflict and stays too.
 * @param write false: only says what would happen.
 */
export function putIntoFile(root: string, path: string, block: DocumentBlock, write = true): DocumentOutcome {
  const file = confine(root, path)
  const before = readText(file)
  const text = before ?? (block.opening === undefined ? '' : `${block.opening}\n`)
  const next = putBlock(text, block.name, block.body)
  if (write && next.text !== before) writeFileAtomic(file, next.text)
  return { path: file, outcome: next.outcome }
}

/** Writes `experiments/comparison.md` in the increment's folder. */
export function writeComparison(incrementFolder: string, facts: ComparisonFacts): DocumentOutcome {
  return putIntoFile(incrementFolder, join('experiments', 'comparison.md'), {
    name: 'comparison',
    opening: `# Experiments: ${inline(facts.title)} (${facts.increment})`,
    body: renderComparison(facts),
  })
}

/** Writes `COMPLETION-SUMMARY.md` in the increment's folder. */
export function writeSummary(incrementFolder: string, facts: SummaryFacts): DocumentOutcome {
  return putIntoFile(incrementFolder, 'COMPLETION-SUMMARY.md', {
    name: 'completion-summary',
    body: renderSummary(facts),
  })
}
