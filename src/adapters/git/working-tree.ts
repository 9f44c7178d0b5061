import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** The state of a Git working tree below one folder, as far as it differs from the last commit. */
export interface WorkingTree {
  /** `null` where nothing was committed yet. */
  sha: string | null
  branch: string | null
  /** Paths relative to the folder. */
  changed: string[]
  untracked: string[]
  /** The diff of tracked files against HEAD, paths relative to the folder. */
  diff(paths: readonly string[]): Promise<string>
}

/** One look at everything. It takes no lock: a person's own Git command in the same moment is not disturbed. */
const STATUS = [
  '--no-optional-locks',
  'status',
  '--porcelain=v2',
  '--branch',
  '-z',
  '--untracked-files=all',
  '--no-renames',
  '--',
  '.',
]

/** A look from before is as good as one from now only for so long. */
const AHEAD_MS = 150

let ahead: { folder: string; at: number; tree: Promise<WorkingTree | undefined> } | undefined

/** Begins a look at a working tree while the caller has other things to do; the next reading takes it. */
export function lookAhead(folder: string): void {
  ahead = { folder, at: performance.now(), tree: look(folder) }
}

/** @returns `undefined` where there is no Git, or the folder lies in no repository. */
export function readWorkingTree(folder: string): Promise<WorkingTree | undefined> {
  const begun = ahead
  ahead = undefined
  return begun?.folder === folder && performance.now() - begun.at < AHEAD_MS ? begun.tree : look(folder)
}

/** Without a library: loading one takes a supervisor longer than all that Git does. */
function git(folder: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { cwd: folder, timeout: 30_000, maxBuffer: 256 * 1024 * 1024 }
    execFile('git', args, options, (error, stdout) => (error ? reject(error) : resolve(stdout)))
  })
}

async function look(folder: string): Promise<WorkingTree | undefined> {
  try {
    const [status, prefix] = await Promise.all([
      git(folder, STATUS),
      // Paths are told from the top of the repository, which most workspaces are.
      isTop(folder) ? '' : git(folder, ['rev-parse', '--show-prefix']),
    ])
    return {
      ...readStatus(status, prefix.trimEnd()),
      diff: (paths) =>
        paths.length === 0
          ? Promise.resolve('')
          : git(folder, [
              'diff',
              '--relative',
              '--no-color',
              '--no-ext-diff',
              '--no-textconv',
              'HEAD',
              '--',
              ...paths,
            ]),
    }
  } catch {
    return undefined
  }
}

function isTop(folder: string): boolean {
  return (
    process.env.GIT_DIR === undefined &&
    process.env.GIT_WORK_TREE === undefined &&
    existsSync(join(folder, '.git'))
  )
}

/** How many words stand before the path in a line of `git status --porcelain=v2`. */
const WORDS: Readonly<Record<string, number>> = { '1': 8, u: 10, '?': 1 }

/** Exported for its test: what `git status --porcelain=v2 --branch -z --no-renames` says. */
export function readStatus(text: string, prefix: string): Omit<WorkingTree, 'diff'> {
  const tree: Omit<WorkingTree, 'diff'> = { sha: null, branch: null, changed: [], untracked: [] }
  for (const line of text.split('\0')) {
    const words = line.split(' ')
    const kind = words[0] ?? ''
    if (kind === '#') {
      const value = words.slice(2).join(' ')
      if (words[1] === 'branch.oid' && value !== '(initial)') tree.sha = value
      if (words[1] === 'branch.head' && value !== '(detached)') tree.branch = value
    } else if (Object.hasOwn(WORDS, kind)) {
      const path = words.slice(WORDS[kind]).join(' ')
      if (path.startsWith(prefix))
        (kind === '?' ? tree.untracked : tree.changed).push(path.slice(prefix.length))
    }
  }
  // Before the first commit there is nothing to differ from.
  if (tree.sha === null) tree.changed = []
  return tree
}

/**
 * Paths below a folder whose files differ between two commits, relative to it.
 * @returns `undefined` where one of the commits is not to be had.
 */
export async function changedBetween(folder: string, a: string, b: string): Promise<string[] | undefined> {
  try {
    // A commit is told by a record, where anybody can write.
    const range = ['--end-of-options', a, b, '--', '.']
    const names = await git(folder, ['diff', '--name-only', '--no-renames', '--relative', '-z', ...range])
    return names.split('\0').filter((name) => name !== '')
  } catch {
    return undefined
  }
}
