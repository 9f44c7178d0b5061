import { answerRefusal, badAddress, unreachable } from './failure.ts'
import type { GithubRepository } from './remote.ts'

export interface Issue {
  number: number
  url: string
}

/** What is done with a repository's issues. Everything throws a Refusal in the user's terms. */
export interface Issues {
  /** The oldest of the last 100 open issues that a predicate on the text holds for. */
  find(is: (body: string) => boolean): Promise<Issue | undefined>
  create(title: string, body: string): Promise<Issue>
  /** Whether a predicate holds for the text of one of an issue's comments since a moment. */
  hasComment(issue: number, since: string | undefined, is: (body: string) => boolean): Promise<boolean>
  comment(issue: number, body: string): Promise<string>
}

/** Of GitHub's answers, what is read. */
interface Shown {
  number: number
  html_url: string
  body?: string | null
  pull_request?: unknown
}

/** A call of a tool ends within 45 s, and this makes two. */
const LONGEST_MS = 15_000

const QUIET = { debug() {}, info() {}, warn() {}, error() {} }

/** @param token goes into the header of the requests, and nowhere else. */
export async function issuesOf(
  repository: GithubRepository,
  token: string,
  signal: AbortSignal,
): Promise<Issues> {
  const problem = badAddress(repository.api)
  if (problem) throw problem
  // Loaded only by who makes an issue.
  const { request } = await import('@octokit/request')
  const { owner, name: repo } = repository

  async function ask<T>(route: string, parameters: Record<string, unknown>, wanted: number): Promise<T> {
    let answer: { status: number; data: unknown }
    try {
      answer = await request(route, {
        baseUrl: repository.api,
        owner,
        repo,
        ...parameters,
        headers: {
          authorization: `Bearer ${token}`,
          accept: 'application/vnd.github+json',
          'user-agent': 'specweave-ml',
          'x-github-api-version': '2022-11-28',
        },
        request: {
          // A token follows no redirection: GitHub answers so where a repository was renamed.
          redirect: 'manual',
          log: QUIET,
          signal: AbortSignal.any([signal, AbortSignal.timeout(LONGEST_MS)]),
        },
      })
    } catch (cause) {
      const { status, response } = cause as { status?: number; response?: { headers: object; data: unknown } }
      // The library says 500 for what never got an answer.
      if (!response || status === undefined) throw unreachable(repository, cause)
      throw answerRefusal(repository, { status, headers: { ...response.headers }, data: response.data })
    }
    if (answer.status === wanted && typeof answer.data === 'object') return answer.data as T
    throw answerRefusal(repository, { status: answer.status, headers: {}, data: answer.data })
  }

  return {
    async find(is) {
      const all = await ask<Shown[]>(
        'GET /repos/{owner}/{repo}/issues',
        { state: 'open', sort: 'created', direction: 'desc', per_page: 100 },
        200,
      )
      const found = all.findLast(({ body, pull_request }) => !pull_request && is(body ?? ''))
      return found && { number: found.number, url: found.html_url }
    },
    async create(title, body) {
      const made = await ask<Shown>('POST /repos/{owner}/{repo}/issues', { title, body }, 201)
      return { number: made.number, url: made.html_url }
    },
    async hasComment(issue, since, is) {
      const all = await ask<Shown[]>(
        'GET /repos/{owner}/{repo}/issues/{issue_number}/comments',
        { issue_number: issue, per_page: 100, ...(since ? { since } : {}) },
        200,
      )
      return all.some(({ body }) => is(body ?? ''))
    },
    async comment(issue, body) {
      const made = await ask<Shown>(
        'POST /repos/{owner}/{repo}/issues/{issue_number}/comments',
        { issue_number: issue, body },
        201,
      )
      return made.html_url
    },
  }
}
