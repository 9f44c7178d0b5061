import { execFile } from 'node:child_process'

type Environment = Readonly<Record<string, string | undefined>>

const NAMES = ['GH_TOKEN', 'GITHUB_TOKEN']
const ENTERPRISE_NAMES = ['GH_ENTERPRISE_TOKEN', 'GITHUB_ENTERPRISE_TOKEN']

/**
 * The user's token for a host: of the environment, in the order of GitHub's own command line, else that of `gh auth token`.
 * It is handed to the request alone: no message, log or record holds it.
 */
export async function githubToken(
  host: string,
  environment: Environment = process.env,
): Promise<string | undefined> {
  const names = host === 'github.com' || host.endsWith('.ghe.com') ? NAMES : [...ENTERPRISE_NAMES, ...NAMES]
  const given = names.map((name) => environment[name]?.trim()).find(Boolean)
  if (given) return given
  return new Promise((resolve) =>
    execFile('gh', ['auth', 'token', '--hostname', host], { timeout: 10_000 }, (error, stdout) =>
      resolve(error ? undefined : stdout.trim() || undefined),
    ),
  )
}
