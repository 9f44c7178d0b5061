// The least that speaks MCP over stdio, so that what is measured is the server.
import { spawn } from 'node:child_process'

export class StdioClient {
  #waiting = new Map()
  #next = 1
  #rest = ''

  constructor(script, args = [], env = {}) {
    this.child = spawn(process.execPath, [script, ...args], {
      stdio: ['pipe', 'pipe', 'ignore'],
      env: { ...process.env, ...env },
    })
    this.child.stdout.setEncoding('utf8').on('data', (text) => this.#read(text))
    this.child.on('exit', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error('the server has ended'))
    })
  }

  #read(text) {
    const lines = (this.#rest + text).split('\n')
    this.#rest = lines.pop()
    for (const line of lines) {
      const answer = JSON.parse(line)
      const waiting = this.#waiting.get(answer.id)
      if (!waiting || answer.method) continue
      this.#waiting.delete(answer.id)
      if (answer.error) waiting.reject(new Error(JSON.stringify(answer.error)))
      else waiting.resolve(answer.result)
    }
  }

  request(method, params) {
    const id = this.#next++
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`)
    })
  }

  async initialize() {
    await this.request('initialize', {
      protocolVersion: '2025-06-18',
      capabilities: {},
      clientInfo: { name: 'bench', version: '1.0.0' },
    })
    this.child.stdin.write('{"jsonrpc":"2.0","method":"notifications/initialized"}\n')
    return this
  }

  /** @returns structuredContent; fails where the tool refused. */
  async call(name, args = {}) {
    const result = await this.request('tools/call', { name, arguments: args })
    if (result.isError) throw new Error(JSON.stringify(result.structuredContent ?? result.content))
    return result.structuredContent
  }

  async close() {
    const ended = new Promise((resolve) => this.child.once('exit', resolve))
    this.child.kill('SIGKILL')
    await ended
  }
}
