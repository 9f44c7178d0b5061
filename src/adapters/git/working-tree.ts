import { simpleGit } from 'simple-git'

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

/** @returns `undefined` where there is no Git, or the folder lies in no repository. */
export async function readWorkingTree(folder: string): Promise<WorkingTree | undefined> {
  try {
    const git = simpleGit({ baseDir: folder, maxConcurrentProcesses: 4, timeout: { block: 30_000 } })
    const head = await git.raw('rev-parse', '--is-inside-work-tree').then(
      (answer) => answer.trim() === 'true',
      () => false,
    )
    if (!head) return undefined
    const [sha, branch, untracked] = await Promise.all([
      quiet(git.raw('rev-parse', '--verify', '--quiet', 'HEAD')),
      quiet(git.raw('symbolic-ref', '--short', '--quiet', 'HEAD')),
      quiet(git.raw('ls-files', '--others', '--exclude-standard', '-z')),
    ])
    const changed = sha ? await quiet(git.raw('diff', '--name-only', '--relative', '-z', 'HEAD')) : ''
    return {
      sha: sha.trim() || null,
      branch: branch.trim() || null,
      changed: changed.split('\0').filter((path) => path !== ''),
      untracked: untracked.split('\0').filter((path) => path !== ''),
      diff: (paths) =>
        paths.length === 0
          ? Promise.resolve('')
          : git.raw('diff', '--relative', '--no-color', '--no-ext-diff', 'HEAD', '--', ...paths),
    }
  } catch {
    return undefined
  }
}

async function quiet(answer: Promise<string>): Promise<string> {
  return answer.catch(() => '')
}
