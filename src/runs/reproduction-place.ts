import { existsSync, rmSync } from 'node:fs'
import { basename, delimiter, dirname, isAbsolute, join, relative, resolve } from 'node:path'
import { confine } from '../adapters/files.ts'
import { removeWorktree } from '../adapters/git/worktree.ts'
import { parseRunId } from '../core/ids.ts'
import type { Layout } from '../store/layout.ts'
import type { RunRecord } from './record.ts'

/** The folder that a reproduction's code is laid out in: a run's own, so that no two share one. */
export function treeOf(worktrees: string, run: string): string {
  return join(worktrees, run.replaceAll('/', '-'))
}

/** Stands beside the folder once all of the code lies in it. */
export function readyFile(tree: string): string {
  return `${tree}.ready`
}

type Placed = Pick<RunRecord, 'run' | 'reproduces' | 'subfolder'>

/** Where a run's command finds its code: the workspace, or for a reproduction the same place in its clean working tree. */
export function codeRoot(layout: Layout, record: Placed): string {
  if (!record.reproduces) return layout.root
  const tree = treeOf(layout.worktrees, record.run)
  return existsSync(tree) ? confine(tree, record.subfolder ?? '.') : join(tree, record.subfolder ?? '')
}

/**
 * A path or a list of paths as the reproduction has to have it: what lies in the workspace and in the working tree too is
 * the code as it was. Everything else, such as data that Git does not hold, stays the workspace's own.
 */
export function inCodeRoot(layout: Layout, record: Placed, text: string): string {
  if (!record.reproduces) return text
  const root = codeRoot(layout, record)
  const moved = (path: string): string => {
    if (!isAbsolute(path)) return path
    const inside = relative(layout.root, path)
    if (inside.startsWith('..') || isAbsolute(inside)) return path
    const there = resolve(root, inside)
    return existsSync(there) ? there : path
  }
  return text.split(delimiter).map(moved).join(delimiter)
}

/** Removes the code of a reproduction that has ended. May be done again by who comes after a process that died in it. */
export function dropCode(runFolder: string, run: string): void {
  const increments = resolve(runFolder, '../../..')
  // Jobs and child runs lie elsewhere, and have no code of their own.
  if (basename(increments) !== 'increments' || parseRunId(run) === undefined) return
  const tree = treeOf(join(dirname(increments), 'worktrees'), run)
  if (existsSync(tree)) removeWorktree(tree)
  rmSync(readyFile(tree), { force: true })
}
