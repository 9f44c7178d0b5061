import { readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { readText } from '../../adapters/files.ts'
import { blocksOf } from '../../core/managed-blocks.ts'
import type { IncrementRef } from '../../increments/load.ts'
import type { Workspace } from '../../store/workspace.ts'

/**
 * Documents of results in which a generated block is not as it was written: figures there may be anybody's. What people
 * write around the blocks is theirs, and so are spec.md, plan.md and the other documents of the work.
 * @returns a sentence each.
 */
export function editedDocuments(
  { root, layout }: Pick<Workspace, 'root' | 'layout'>,
  increments: readonly Pick<IncrementRef, 'path'>[],
): string[] {
  const files = [
    ...increments.flatMap(({ path }) => [
      join(path, 'COMPLETION-SUMMARY.md'),
      join(path, 'experiments', 'comparison.md'),
      ...pagesIn(join(path, 'reports')),
    ]),
    ...pagesIn(join(layout.docs, 'architecture')),
    ...pagesIn(join(layout.docs, 'architecture', 'adr')),
    ...pagesIn(join(layout.docs, 'operations', 'runbooks')),
  ]
  return files.flatMap((file) =>
    blocksOf(readText(file) ?? '').edited.map(
      (block) =>
        `${relative(root, file).replaceAll('\\', '/')}: document edited since it was generated (block ${block}). Its figures are not those of the records; take the edit back with Git`,
    ),
  )
}

/** Where the summary of a completed increment lost its block, it can say anything. */
export function summaryIsBare({ path }: Pick<IncrementRef, 'path'>): boolean {
  const text = readText(join(path, 'COMPLETION-SUMMARY.md'))
  return text !== undefined && !blocksOf(text).names.includes('completion-summary')
}

function pagesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith('.md'))
      .sort()
      .map((name) => join(folder, name))
  } catch {
    return []
  }
}
