import { type NextStep, Refusal } from '../../core/errors.ts'
import { safeText } from '../../core/untrusted-text.ts'
import type { GithubRepository } from './remote.ts'

export interface GithubAnswer {
  status: number
  headers: Record<string, unknown>
  data: unknown
}

const SIGN_IN: NextStep = {
  person: 'gh auth login',
  why: 'gives a token that may write issues; or set GITHUB_TOKEN',
}

/** A token goes over the open net to nobody. */
export function badAddress(api: string): Refusal | undefined {
  const address = URL.canParse(api) ? new URL(api) : undefined
  const here = /^(?:localhost|127\.0\.0\.1|\[::1\])$/.test(address?.hostname ?? '')
  if (address?.protocol === 'https:' || (address?.protocol === 'http:' && here)) return undefined
  return new Refusal(
    'GITHUB_UNREACHABLE',
    'GITHUB_API_URL is no https address: a token is sent to no other. Nothing was changed.',
    { next: [{ person: 'export GITHUB_API_URL=https://api.github.com', why: 'or unset it' }] },
  )
}

/** Nothing came back, or too late. */
export function unreachable({ api }: GithubRepository, cause: unknown): Refusal {
  const { host } = new URL(api)
  return new Refusal(
    'GITHUB_UNREACHABLE',
    `${host} could not be reached: ${reasonOf(cause)}. Nothing was changed here; call again: what came through all the same is found and not made twice.`,
  )
}

function reasonOf(cause: unknown): string {
  const { name, message, cause: inner } = cause as Error & { cause?: { code?: string; message?: string } }
  if (name === 'TimeoutError' || /timeout/i.test(message)) return 'no answer within 15 s'
  if (name === 'AbortError') return 'the call was given up'
  return safeText(inner?.code ?? inner?.message ?? message).slice(0, 200)
}

/** What GitHub's answer means for the user, by the statuses that its REST API documents. */
export function answerRefusal(repository: GithubRepository, answer: GithubAnswer): Refusal {
  const { status } = answer
  const where = `${repository.owner}/${repository.name}`
  const refused = (message: string, ...next: NextStep[]) =>
    new Refusal('GITHUB_REFUSED', `${message} Nothing was changed.`, { next })
  const wait = waitOf(answer)
  if (wait) return refused(`GitHub's rate limit is used up (${status}); ${wait}.`)
  const said = saidIn(answer.data)
  switch (status) {
    case 301:
    case 302:
    case 307:
    case 308:
      return refused(`${where} was renamed or moved (${status}).`, {
        person: 'git remote set-url origin <its new address>',
        why: 'the remote still has the old one',
      })
    case 401:
      return refused(`${repository.host} did not accept the token (401).`, SIGN_IN)
    case 403:
      return refused(
        `${repository.host} refused it (403${said}). The token needs write access to issues of ${where}, and a locked issue takes no comment.`,
        SIGN_IN,
      )
    case 404:
      return refused(
        `${where}, or the issue, does not exist on ${repository.host} or the token may not see it (404).`,
        SIGN_IN,
      )
    case 410:
      return refused(`${where} has its issues switched off, or this one was deleted (410).`, {
        person: `https://${repository.host}/${where}/settings`,
        why: 'Features, Issues; a deleted issue: take `github` out of the increment\u2019s metadata.json',
      })
    case 422:
      return refused(`${repository.host} found the issue invalid (422${said}).`)
    default:
      if (status >= 500)
        return new Refusal(
          'GITHUB_UNREACHABLE',
          `${repository.host} answered ${status}${said}. Nothing was changed here; call again later.`,
        )
      return refused(`${repository.host} answered ${status}${said}.`)
  }
}

/** 403 or 429 with `retry-after`, or with no requests left, or told in words: a limit, primary or secondary. */
function waitOf({ status, headers, data }: GithubAnswer): string | undefined {
  if (status !== 403 && status !== 429) return undefined
  const after = Number(headers['retry-after'])
  if (after > 0) return `call again in ${after} s`
  if (headers['x-ratelimit-remaining'] === '0') {
    const reset = Number(headers['x-ratelimit-reset'])
    return reset > 0 ? `call again after ${new Date(reset * 1000).toISOString()}` : 'call again in an hour'
  }
  if (status === 429 || /rate limit/i.test(saidIn(data))) return 'call again in a few minutes'
  return undefined
}

/** `: Validation Failed: title is too long`, safe to show. */
function saidIn(data: unknown): string {
  const { message, errors } = (data ?? {}) as { message?: unknown; errors?: unknown }
  const more = Array.isArray(errors)
    ? errors.map((each) =>
        typeof each === 'string' ? each : [each?.field, each?.message ?? each?.code].join(' '),
      )
    : []
  const text = [message, ...more].filter((part) => typeof part === 'string' && part.trim() !== '').join(': ')
  return text === '' ? '' : `: ${safeText(text).replace(/\s+/g, ' ').trim().slice(0, 300)}`
}
