import { randomUUID } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'

/**
 * The protocol's suite speaks HTTP: each of its sessions gets a stdio server of its own, and every message is handed on as it is, but for
 * the names of things that the suite expects on a server made for it: they are those of ours.
 */
export class HttpBridge {
  readonly #server: Server
  readonly #names: [theirs: string, ours: string][]
  readonly #sessions = new Map<string, StreamableHTTPServerTransport>()

  /** @param names of ours, by the suite's */
  constructor(
    command: string,
    args: string[],
    options: { cwd: string; env: Record<string, string> },
    names: Readonly<Record<string, string>> = {},
  ) {
    this.#names = Object.entries(names)
    this.#server = createServer(async (request, response) => {
      const id = request.headers['mcp-session-id']
      const transport =
        (typeof id === 'string' && this.#sessions.get(id)) || (await this.#session(command, args, options))
      await transport.handleRequest(request, response)
    })
  }

  async listen(): Promise<string> {
    await new Promise<void>((done) => this.#server.listen(0, '127.0.0.1', done))
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/mcp`
  }

  async close(): Promise<void> {
    await Promise.all([...this.#sessions.values()].map((session) => session.close()))
    this.#server.close()
    this.#server.closeAllConnections()
  }

  async #session(command: string, args: string[], options: { cwd: string; env: Record<string, string> }) {
    const http = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => {
        this.#sessions.set(id, http)
      },
    })
    const stdio = new StdioClientTransport({ command, args, ...options, stderr: 'ignore' })
    // A progress notice belongs to the request whose token it carries.
    const asking = new Map<unknown, string | number>()
    http.onmessage = (message) => {
      if ('id' in message && 'method' in message) asking.set(message.params?._meta?.progressToken, message.id)
      void stdio.send(renamed(message, this.#names))
    }
    stdio.onmessage = (message) => {
      const token =
        'params' in message ? (message.params as { progressToken?: unknown })?.progressToken : undefined
      const relatedRequestId = token === undefined ? undefined : asking.get(token)
      const said = renamed(
        message,
        this.#names.map(([theirs, ours]) => [ours, theirs]),
      )
      void http.send(said, relatedRequestId === undefined ? {} : { relatedRequestId })
    }
    http.onclose = () => void stdio.close()
    await Promise.all([http.start(), stdio.start()])
    return http
  }
}

function renamed<T>(message: T, names: readonly [from: string, to: string][]): T {
  let text = JSON.stringify(message)
  for (const [from, to] of names) text = text.replaceAll(`"${from}"`, `"${to}"`)
  return JSON.parse(text) as T
}
