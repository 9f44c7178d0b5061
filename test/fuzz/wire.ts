import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { PROGRAM } from '../hosts/mcp-client.ts'

export interface Reply {
  id?: number | string | null
  method?: string
  result?: {
    isError?: boolean
    content?: { type: string; text: string }[]
    structuredContent?: Record<string, unknown>
    [key: string]: unknown
  }
  error?: { code: number; message: string; data?: Record<string, unknown> }
}

/** Longer than any call may take. */
const GUARD_MS = 100_000

/** A server process and its bare lines: what a client library would mend or refuse to send arrives as it is. */
export class Wire {
  readonly process: ChildProcessWithoutNullStreams
  /** Everything that the server said so far, when asked for. */
  readonly lines: string[] = []
  stderr = ''
  ended = false
  #rest: Buffer[] = []
  #id = 0
  readonly #waiting = new Map<number | string, (line: string) => void>()

  constructor(options: { root: string; env: Record<string, string>; args?: string[]; keep?: boolean }) {
    const { root, env, args = [], keep = false } = options
    this.process = spawn(process.execPath, [PROGRAM, 'serve', '--workspace', root, ...args], {
      cwd: root,
      env,
    })
    this.process.on('exit', () => {
      this.ended = true
    })
    this.process.stdin.on('error', () => {})
    this.process.stderr.on('data', (chunk) => {
      this.stderr = (this.stderr + chunk).slice(-100_000)
    })
    this.process.stdout.on('data', (chunk: Buffer) => this.#take(chunk, keep))
  }

  #take(chunk: Buffer, keep: boolean): void {
    let start = 0
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
      const line = Buffer.concat([...this.#rest, chunk.subarray(start, end)]).toString('utf8')
      this.#rest = []
      start = end + 1
      if (keep) this.lines.push(line)
      if (this.#waiting.size === 0) continue
      const { id } = JSON.parse(line) as Reply
      if (id === undefined || id === null) continue
      this.#waiting.get(id)?.(line)
      this.#waiting.delete(id)
    }
    this.#rest.push(chunk.subarray(start))
  }

  write(text: string | Buffer): void {
    this.process.stdin.write(text)
  }

  /** @returns the answer and its text as it came. */
  request(method: string, params?: unknown, guardMs = GUARD_MS): Promise<{ reply: Reply; line: string }> {
    const id = ++this.#id
    return this.ask(id, JSON.stringify({ jsonrpc: '2.0', id, method, params }), guardMs)
  }

  /** Sends a line and waits for the answer with this id. */
  ask(id: number | string, line: string, guardMs = GUARD_MS): Promise<{ reply: Reply; line: string }> {
    return new Promise((resolve, reject) => {
      const fail = (what: string) => {
        this.#waiting.delete(id)
        reject(new Error(`${what} after ${line.slice(0, 2000)}\n${this.stderr.slice(-2000)}`))
      }
      const guard = setTimeout(() => fail(`no answer within ${guardMs} ms`), guardMs)
      const gone = (code: number | null, signal: string | null) =>
        fail(`the server ended (${code ?? signal})`)
      this.process.once('exit', gone)
      this.#waiting.set(id, (answer) => {
        clearTimeout(guard)
        this.process.off('exit', gone)
        resolve({ reply: JSON.parse(answer) as Reply, line: answer })
      })
      if (this.ended) fail('the server had ended')
      this.write(`${line}\n`)
    })
  }

  async initialize(): Promise<this> {
    await this.request('initialize', {
      protocolVersion: '2025-06-18',
      capabilities: {},
      clientInfo: { name: 'fuzz', version: '1' },
    })
    this.write(`${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' })}\n`)
    return this
  }

  call(name: string, args: unknown): Promise<{ reply: Reply; line: string }> {
    return this.request('tools/call', { name, arguments: args })
  }

  /** Closes stdin and waits for the process to leave. */
  async close(): Promise<void> {
    if (this.ended) return
    const left = new Promise((resolve) => this.process.once('exit', resolve))
    this.process.stdin.end()
    const guard = setTimeout(() => this.process.kill('SIGKILL'), 60_000)
    await left
    clearTimeout(guard)
  }
}
