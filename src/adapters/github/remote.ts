import { execFile } from 'node:child_process'

/** A repository on github.com or on a GitHub Enterprise server. */
export interface GithubRepository {
  /** `github.com` */
  host: string
  owner: string
  name: string
  /** Base address of its REST API, without a slash at the end. */
  api: string
  /** From the top of the repository to the workspace, such as `models/churn`; empty at its top. */
  folder: string
}

type Environment = Readonly<Record<string, string | undefined>>

/** Tried in this order: a fork's `origin` is where its owner works. */
const PREFERRED = ['origin', 'upstream', 'github']

/**
 * The repository on GitHub that a folder's Git remotes name.
 * @returns a clause where there is none, for `No issue was made: ...`.
 */
export async function githubRepository(
  folder: string,
  environment: Environment = process.env,
): Promise<GithubRepository | { none: string }> {
  let names: string[]
  let inner: string
  try {
    inner = (await git(folder, 'rev-parse', '--show-prefix')).trimEnd().replace(/\/$/, '')
    names = (await git(folder, 'remote')).split('\n').filter(Boolean)
  } catch {
    return { none: 'the workspace lies in no Git repository' }
  }
  const rank = (name: string) => (PREFERRED.includes(name) ? PREFERRED.indexOf(name) : PREFERRED.length)
  for (const name of names.sort((a, b) => rank(a) - rank(b))) {
    const url = await git(folder, 'remote', 'get-url', name).catch(() => '')
    const found = readRemote(url.trim(), environment)
    if (found) return { ...found, folder: inner }
  }
  return {
    none:
      names.length === 0
        ? 'the Git repository has no remote'
        : `no Git remote (${names.join(', ')}) is on ${[...hosts(environment)].join(' or ')}; for a GitHub Enterprise server set GH_HOST`,
  }
}

/** The place that a remote's address names; it may hold a password, so that it is never shown. Exported for its test. */
export function readRemote(
  url: string,
  environment: Environment,
): Omit<GithubRepository, 'folder'> | undefined {
  const [, typed = '', owner = '', name = ''] =
    /^(?:[a-z+]+:\/\/)?(?:[^/@]*@)?([\w.-]+)(?::\d+)?[:/]\/?([\w.-]+)\/([\w.-]+?)(?:\.git)?\/?$/i.exec(url) ??
    []
  const host = typed.toLowerCase().replace(/^(?:www|ssh)\.(?=github\.com$)/, '')
  if (!name || !(hosts(environment).has(host) || host.endsWith('.ghe.com'))) return undefined
  return { host, owner, name, api: apiOf(host, environment) }
}

/** Where issues may be made: GitHub itself, and a server that the user's environment names. */
function hosts(environment: Environment): Set<string> {
  const named = [environment.GH_HOST, hostOf(environment.GITHUB_SERVER_URL)]
  return new Set(['github.com', ...named.filter((host) => host !== undefined && host !== '')] as string[])
}

function apiOf(host: string, environment: Environment): string {
  const given = environment.GITHUB_API_URL?.replace(/\/+$/, '')
  if (given) return given
  if (host === 'github.com') return 'https://api.github.com'
  return host.endsWith('.ghe.com') ? `https://api.${host}` : `https://${host}/api/v3`
}

function hostOf(address: string | undefined): string | undefined {
  return address && URL.canParse(address) ? new URL(address).hostname.toLowerCase() : undefined
}

function git(folder: string, ...args: string[]): Promise<string> {
  return new Promise((resolve, reject) =>
    execFile('git', args, { cwd: folder, timeout: 10_000 }, (error, stdout) =>
      error ? reject(error) : resolve(stdout),
    ),
  )
}
