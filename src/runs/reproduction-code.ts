import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { confine, createExclusive, makeFolder, readJson, readText } from '../adapters/files.ts'
import {
  addWorktree,
  applyDiff,
  GitFailure,
  hasCommit,
  pathInRepository,
  removeWorktree,
} from '../adapters/git/worktree.ts'
import { Refusal } from '../core/errors.ts'
import type { Layout } from '../store/layout.ts'
import type { Workspace } from '../store/workspace.ts'
import type { CodeRecord, RunRecord } from './record.ts'
import { codeRoot, readyFile, treeOf } from './reproduction-place.ts'

/** Text of `.specweave/code/<hash>`. */
interface KeptCode {
  diff: string
  files: Record<string, string>
}

export interface LaidOut {
  root: string
  code?: CodeRecord
}

/**
 * What Git no longer has, or was never given, of a run's code.
 * @param folder of the workspace in its repository, where it lies in one.
 * @throws Refusal REPRODUCTION_IMPOSSIBLE
 */
export async function requireCode(workspace: Workspace, run: string, code: CodeRecord): Promise<string> {
  keptCode(workspace.layout, run, code)
  if (code.git_sha === null) return ''
  const folder = await pathInRepository(workspace.root)
  if (folder === undefined)
    throw impossible(
      run,
      `was made from commit ${code.git_sha}, and ${workspace.root} lies in no Git repository now`,
    )
  if (await hasCommit(workspace.root, code.git_sha)) return folder
  throw impossible(
    run,
    `was made from commit ${code.git_sha}, which this repository does not hold (any more): it may be in another clone`,
    { person: `git fetch origin ${code.git_sha}`, why: 'brings the commit, where a remote still holds it' },
  )
}

/**
 * Lays the code of a reproduction out, as the run that it repeats had it: a clean working tree at the run's commit, its
 * diff, its untracked source files. Without Git: the copies of its scripts. What is there whole stays as it is, for a
 * supervisor that comes after one that died.
 * @param runFolder of the reproduction.
 * @returns the folder that stands for the workspace's root; where there is no Git to say what code it holds, also that.
 * @throws Refusal REPRODUCTION_IMPOSSIBLE
 */
export async function layOutCode(
  workspace: Workspace,
  runFolder: string,
  record: RunRecord,
): Promise<LaidOut> {
  const { layout } = workspace
  const tree = treeOf(layout.worktrees, record.run)
  const original = record.reproduces ?? ''
  const code = readJson<RunRecord>(
    join(dirname(runFolder), ...original.split('/').slice(1), 'run.json'),
  )?.code
  if (!code) throw impossible(original, 'says no more which code it was made from')
  const laidOut = (): LaidOut => ({
    root: codeRoot(layout, record),
    ...(code.git_sha === null ? { code } : {}),
  })
  if (existsSync(readyFile(tree))) return laidOut()
  const kept = keptCode(layout, original, code)
  makeFolder(layout.worktrees)
  // Also in a workspace whose own rules for Git are a person's.
  createExclusive(join(layout.worktrees, '.gitignore'), '*\n')
  removeWorktree(tree)
  try {
    if (code.git_sha === null) mkdirSync(tree)
    else await addWorktree(workspace.root, tree, code.git_sha)
    const root = codeRoot(layout, record)
    mkdirSync(root, { recursive: true })
    if (kept?.diff) await applyDiff(tree, record.subfolder ?? '', kept.diff)
    for (const [path, text] of Object.entries(kept?.files ?? {})) write(root, path, text)
    writeFileSync(readyFile(tree), '')
    return laidOut()
  } catch (cause) {
    removeWorktree(tree)
    if (cause instanceof GitFailure) throw impossible(original, `cannot be laid out by Git: ${cause.message}`)
    throw cause
  }
}

/** A name comes from a file of the workspace, and a link of the commit may lead anywhere. */
function write(root: string, path: string, text: string): void {
  const file = confine(root, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
}

/** @returns `undefined` for a run that was made from a clean working tree. */
function keptCode(layout: Layout, run: string, code: CodeRecord): KeptCode | undefined {
  if (!code.hash) {
    if (code.git_sha !== null && !code.dirty) return undefined
    throw impossible(run, 'has no code: nothing was kept of the script that it ran')
  }
  const text = /^[0-9a-f]{24}$/.test(code.hash) ? readText(join(layout.code, code.hash)) : undefined
  if (text === undefined)
    throw impossible(
      run,
      `was made from a changed working tree, and what was changed (.specweave/code/${code.hash}) is not here: it has to be committed with the run`,
    )
  if (createHash('sha256').update(text).digest('hex').slice(0, 24) !== code.hash)
    throw impossible(
      run,
      `was made from a changed working tree, and .specweave/code/${code.hash}, which held it, was edited since`,
      {
        person: `git checkout -- .specweave/code/${code.hash}`,
        why: 'brings it back, where it was committed',
      },
    )
  return JSON.parse(text) as KeptCode
}

export function impossible(run: string, why: string, ...next: Refusal['next']): Refusal {
  return new Refusal('REPRODUCTION_IMPOSSIBLE', `${run} ${why}. Nothing was run.`, {
    next: [...next, { tool: 'get_run', arguments: { run }, why: 'shows what is recorded of it' }],
  })
}
