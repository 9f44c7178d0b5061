import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

interface Asked {
  method: string
  path: string
  authorization: string | undefined
  body: Record<string, unknown>
}

interface Stored {
  number: number
  title: string
  body: string
  state: 'open' | 'closed'
  comments: { body: string; created_at: string }[]
}

/** An answer in the place of the usual one; `lost` does the work and never tells. */
export type Instead =
  | { status: number; headers?: Record<string, string>; body?: unknown }
  | { lost: true }
  | { html: true }

const DOCUMENTATION = 'https://docs.github.com/rest/issues/issues#create-an-issue'

/** Answers as GitHub's REST API documents them, with what the documentation shows for each status. */
export const DOCUMENTED = {
  badCredentials: { status: 401, body: { message: 'Bad credentials', documentation_url: DOCUMENTATION } },
  noAccess: {
    status: 403,
    body: {
      message: 'Resource not accessible by personal access token',
      documentation_url: DOCUMENTATION,
      status: '403',
    },
  },
  rateLimit: {
    status: 403,
    headers: { 'x-ratelimit-limit': '5000', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1900000000' },
    body: { message: 'API rate limit exceeded for user ID 1.', documentation_url: DOCUMENTATION },
  },
  secondaryLimit: {
    status: 429,
    headers: { 'retry-after': '60' },
    body: {
      message: 'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.',
      documentation_url: DOCUMENTATION,
    },
  },
  notFound: { status: 404, body: { message: 'Not Found', documentation_url: DOCUMENTATION, status: '404' } },
  gone: {
    status: 410,
    body: {
      message: 'Issues has been disabled in this repository.',
      documentation_url: DOCUMENTATION,
      status: '410',
    },
  },
  invalid: {
    status: 422,
    body: {
      message: 'Validation Failed',
      errors: [{ resource: 'Issue', field: 'title', code: 'missing_field' }],
      documentation_url: DOCUMENTATION,
    },
  },
  unavailable: {
    status: 503,
    body: { message: 'Service unavailable', documentation_url: DOCUMENTATION },
  },
} as const

/** The part of GitHub's REST API that makes issues and comments, on the loopback, for one repository. */
export class GithubStub {
  readonly asked: Asked[] = []
  readonly issues: Stored[] = []
  /** Taken by the next requests of this method, one after the other. */
  readonly instead: Record<string, Instead[]> = {}
  readonly #server: Server
  readonly repository: string

  private constructor(repository: string) {
    this.repository = repository
    this.#server = createServer((request, response) => void this.#answer(request, response))
  }

  static async start(repository = 'octocat/hello-world'): Promise<GithubStub> {
    const stub = new GithubStub(repository)
    await new Promise<void>((resolve) => stub.#server.listen(0, '127.0.0.1', resolve))
    return stub
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Methods and paths asked since the last call. */
  taken(): string[] {
    return this.asked.splice(0).map(({ method, path }) => `${method} ${path.split('?')[0]}`)
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const text = Buffer.concat(chunks).toString()
    const body = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>)
    const { method = '', url: path = '' } = request
    this.asked.push({ method, path, authorization: request.headers.authorization, body })
    const instead = this.instead[method]?.shift()
    const send = (status: number, value: unknown, headers: Record<string, string> = {}) =>
      response
        .writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers })
        .end(JSON.stringify(value))
    if (instead && 'html' in instead)
      return void response.writeHead(200, { 'content-type': 'text/html' }).end('<p>proxy</p>')
    if (instead && 'status' in instead) return void send(instead.status, instead.body ?? {}, instead.headers)
    const [status, value] = this.#carryOut(method, path, body, request.headers.authorization)
    if (instead) return void request.socket.destroy()
    send(status, value)
  }

  #carryOut(
    method: string,
    path: string,
    body: Record<string, unknown>,
    authorization: string | undefined,
  ): [number, unknown] {
    if (!authorization?.startsWith('Bearer ')) return [401, DOCUMENTED.badCredentials.body]
    const { pathname, searchParams } = new URL(path, this.url)
    const [, repository, number, comments] =
      /^\/repos\/([^/]+\/[^/]+)\/issues(?:\/(\d+)(\/comments))?$/.exec(pathname) ?? []
    if (repository !== this.repository) return [404, DOCUMENTED.notFound.body]
    if (comments) return this.#comments(method, Number(number), body, searchParams.get('since'))
    if (method === 'GET') {
      const state = searchParams.get('state') ?? 'open'
      return [
        200,
        this.issues
          .filter((one) => one.state === state)
          .map((one) => this.#shown(one))
          .reverse(),
      ]
    }
    if (typeof body.title !== 'string' || body.title === '') return [422, DOCUMENTED.invalid.body]
    const made: Stored = {
      number: 1347 + this.issues.length,
      title: body.title,
      body: String(body.body ?? ''),
      state: 'open',
      comments: [],
    }
    this.issues.push(made)
    return [201, this.#shown(made)]
  }

  #comments(
    method: string,
    number: number,
    body: Record<string, unknown>,
    since: string | null,
  ): [number, unknown] {
    const issue = this.issues.find((one) => one.number === number)
    if (!issue) return [404, DOCUMENTED.notFound.body]
    const shown = (text: { body: string; created_at: string }, id: number) => ({
      id,
      html_url: `https://github.com/${this.repository}/issues/${number}#issuecomment-${id}`,
      user: USER,
      updated_at: text.created_at,
      ...text,
    })
    if (method === 'GET')
      return [200, issue.comments.filter((one) => !since || one.created_at >= since).map(shown)]
    const made = { body: String(body.body ?? ''), created_at: new Date().toISOString() }
    issue.comments.push(made)
    return [201, shown(made, issue.comments.length)]
  }

  #shown({ comments, ...issue }: Stored): object {
    return {
      id: issue.number,
      node_id: 'MDU6SXNzdWUx',
      url: `https://api.github.com/repos/${this.repository}/issues/${issue.number}`,
      html_url: `https://github.com/${this.repository}/issues/${issue.number}`,
      user: USER,
      labels: [],
      assignees: [],
      locked: false,
      comments: comments.length,
      closed_at: null,
      created_at: '2011-04-22T13:33:48Z',
      updated_at: '2011-04-22T13:33:48Z',
      author_association: 'COLLABORATOR',
      ...issue,
    }
  }
}

const USER = { login: 'octocat', id: 1, node_id: 'MDQ6VXNlcjE=', type: 'User', site_admin: false }
