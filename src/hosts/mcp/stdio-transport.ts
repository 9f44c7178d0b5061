import type { Readable } from 'node:stream'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import { ErrorCode, type JSONRPCMessage, JSONRPCMessageSchema } from '@modelcontextprotocol/sdk/types.js'
import { inWords } from './protocol-errors.ts'

/** Characters of one message. Larger ones are refused by name, and the connection goes on. */
export const MAX_MESSAGE = 64 * 1024 * 1024

type Id = string | number
type Message = { id?: Id; method?: string; error?: unknown; params?: { requestId?: Id } }

/**
 * JSON lines on stdin and stdout. Unlike the SDK's own transport it reads long messages in linear time, answers what is
 * no JSON or too long, and knows which requests still wait for their answer.
 */
export class StdioTransport implements Transport {
  onmessage?: (message: JSONRPCMessage) => void
  onerror?: (error: Error) => void
  onclose?: () => void
  /** Requests that were read and not answered yet. */
  readonly unanswered = new Set<Id>()
  private parts: Buffer[] = []
  private size = 0
  private readonly input: Readable
  private readonly write: (text: string) => void
  private readonly limit: number

  constructor(input: Readable, write: (text: string) => void, limit = MAX_MESSAGE) {
    this.input = input
    this.write = write
    this.limit = limit
  }

  async start(): Promise<void> {
    this.input.on('data', (chunk: Buffer) => this.take(chunk))
    this.input.on('error', (error) => this.onerror?.(error))
  }

  async send(message: JSONRPCMessage): Promise<void> {
    const { id, method } = message as Message
    if (id !== undefined && id !== null && method === undefined) this.unanswered.delete(id)
    const said = 'error' in message ? { ...message, error: inWords(message.error) } : message
    this.write(`${JSON.stringify(said)}\n`)
  }

  async close(): Promise<void> {
    this.input.pause()
    this.onclose?.()
  }

  private take(chunk: Buffer): void {
    let start = 0
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
      this.keep(chunk.subarray(start, end))
      this.finishLine()
      start = end + 1
    }
    if (start < chunk.length) this.keep(chunk.subarray(start))
  }

  private keep(part: Buffer): void {
    this.size += part.length
    if (this.size <= this.limit) this.parts.push(part)
    // Of a line that is too long only its beginning and its end matter: one of them names the request.
    else this.parts = [...this.parts.slice(0, 1), part]
  }

  private finishLine(): void {
    const line = Buffer.concat(this.parts).toString('utf8').trim()
    const tooLong = this.size > this.limit
    this.parts = []
    this.size = 0
    if (line === '') return
    if (tooLong)
      this.refuse(ErrorCode.InvalidRequest, `the message is longer than ${this.limit} bytes`, idIn(line))
    else this.read(line)
  }

  private read(line: string): void {
    let value: unknown
    try {
      value = JSON.parse(line)
    } catch {
      this.refuse(ErrorCode.ParseError, 'the line is not JSON', null)
      return
    }
    const parsed = JSONRPCMessageSchema.safeParse(value)
    if (!parsed.success) {
      this.refuse(ErrorCode.InvalidRequest, 'the line is not a JSON-RPC 2.0 message', idOf(value))
      return
    }
    const { id, method, params } = parsed.data as Message
    if (method !== undefined && id !== undefined) this.unanswered.add(id)
    if (method === 'notifications/cancelled' && params?.requestId !== undefined)
      this.unanswered.delete(params.requestId)
    this.onmessage?.(parsed.data)
  }

  /** @param id null where no id could be read, as JSON-RPC asks */
  private refuse(code: number, message: string, id: Id | null): void {
    this.write(`${JSON.stringify({ jsonrpc: '2.0', id, error: { code, message } })}\n`)
    this.onerror?.(new Error(message))
  }
}

function idOf(value: unknown): Id | null {
  const id = (value as Message | null)?.id
  return typeof id === 'string' || typeof id === 'number' ? id : null
}

/** The id stands before the parameters or after them, never inside. */
function idIn(line: string): Id | null {
  const id = String.raw`"id"\s*:\s*("[^"\\]*"|\d+)`
  const found =
    new RegExp(`${id}\\s*\\}$`).exec(line.slice(-1000))?.[1] ??
    new RegExp(`^\\{[^{]*?${id}`).exec(line.slice(0, 1000))?.[1]
  return found === undefined ? null : (JSON.parse(found) as Id)
}
