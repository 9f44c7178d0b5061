import { spawn } from 'node:child_process'
import { existsSync, rmdirSync, rmSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { readText } from '../files.ts'

/** A Git command that did not end well, with what it said. */
export class GitFailure extends Error {
  override readonly name = 'GitFailure'
}

const SHA = /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/
const LONGEST_MS = 600_000

/**
 * Where a folder lies in its repository, such as `models/churn`; empty at its top.
 * @returns `undefined` where there is no Git, or no repository.
 */
export async function pathInRepository(folder: string): Promise<string | undefined> {
  try {
    return (await git(folder, ['rev-parse', '--show-prefix'])).trimEnd().replace(/\/$/, '')
  } catch {
    return undefined
  }
}

/** Whether the repository around a folder still holds a commit. A record tells it, where anybody can write. */
export async function hasCommit(folder: string, sha: string): Promise<boolean> {
  if (!SHA.test(sha)) return false
  return git(folder, ['cat-file', '-e', `${sha}^{commit}`]).then(
    () => true,
    () => false,
  )
}

/**
 * Checks a commit out into a new folder, on no branch. The caller's working tree, index, branches and stash are not
 * touched, and no hook of the repository is run.
 * @throws GitFailure
 */
export async function addWorktree(repository: string, tree: string, sha: string): Promise<void> {
  if (!SHA.test(sha)) throw new GitFailure(`${sha} is no commit`)
  // A hook would run a program of the repository in the middle of ours, and may change what was checked out.
  const quiet = ['-c', 'core.hooksPath=/dev/null', '-c', 'advice.detachedHead=false']
  await git(repository, [...quiet, 'worktree', 'add', '--quiet', '--force', '--detach', tree, sha])
}

/**
 * Applies a diff whose paths are relative to a folder of the working tree.
 * @param folder relative to the working tree's top; empty for the top.
 * @throws GitFailure where it does not fit.
 */
export async function applyDiff(tree: string, folder: string, diff: string): Promise<void> {
  const place = folder === '' ? [] : [`--directory=${folder}`]
  const apply = (strip: number): Promise<string> =>
    git(tree, ['apply', '--whitespace=nowarn', `-p${strip}`, ...place, '-'], diff)
  try {
    await apply(1)
  } catch (cause) {
    // Of a user whose settings leave `a/` and `b/` out of diffs (diff.noprefix).
    await apply(0).catch(() => {
      throw cause
    })
  }
}

/**
 * Removes a working tree that {@link addWorktree} made, whole or in part, and what its repository noted of it. Other
 * working trees are left alone, also those whose folder is gone (`git worktree prune` would forget them).
 */
export function removeWorktree(tree: string): void {
  const link = readText(join(tree, '.git'))
  const noted = /^gitdir: (.+)$/m.exec(link ?? '')?.[1]
  const notes = noted && resolve(tree, noted)
  // The link lies where a script could write: its other end has to lead back here.
  if (notes && basename(dirname(notes)) === 'worktrees' && leadsTo(notes, tree)) {
    rmSync(notes, { recursive: true, force: true })
    dropEmpty(dirname(notes))
  }
  rmSync(tree, { recursive: true, force: true, maxRetries: 3 })
}

function leadsTo(notes: string, tree: string): boolean {
  const back = readText(join(notes, 'gitdir'))?.trimEnd()
  return back !== undefined && resolve(notes, back) === join(tree, '.git')
}

/** Git itself removes the folder with its last working tree. */
function dropEmpty(folder: string): void {
  try {
    if (existsSync(folder)) rmdirSync(folder)
  } catch {
    // Others are noted there.
  }
}

/** The variables of a Git hook that this program may have been started from would name another repository. */
function ownEnvironment(): NodeJS.ProcessEnv {
  const {
    GIT_DIR: _dir,
    GIT_WORK_TREE: _tree,
    GIT_INDEX_FILE: _index,
    GIT_PREFIX: _prefix,
    ...env
  } = process.env
  return { ...env, LC_ALL: 'C', GIT_TERMINAL_PROMPT: '0' }
}

function git(folder: string, args: readonly string[], input = ''): Promise<string> {
  return new Promise((done, reject) => {
    const child = spawn('git', args, { cwd: folder, timeout: LONGEST_MS, env: ownEnvironment() })
    let [stdout, stderr] = ['', '']
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
    child.once('error', reject)
    child.once('close', (code) => {
      if (code === 0) done(stdout)
      else reject(new GitFailure(stderr.trim().slice(0, 1000) || `git ${args[0]} ended with ${code}`))
    })
    // It may leave before it has read everything.
    child.stdin.on('error', () => {})
    child.stdin.end(input)
  })
}
