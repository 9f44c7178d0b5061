// A tiny MCP client over stdio: JSON-RPC, one message a line, and nothing of ours.
import { spawn } from 'node:child_process'

/** The server ended, or said nothing in time: whether it did what was asked is not known. */
export class Lost extends Error {}

export class Client {
  #child
  #waiting = new Map()
  #id = 0
  #text = ''

  constructor(program, workspace, env, within = []) {
    const [command, ...args] = [...within, process.execPath, program, 'serve', '--workspace', workspace]
    this.#child = spawn(command, args, {
      cwd: workspace,
      env,
      stdio: ['pipe', 'pipe', 'ignore'],
    })
    this.ended = false
    this.gone = new Promise((resolve) => {
      const end = () => {
        this.ended = true
        for (const { reject } of this.#waiting.values()) reject(new Lost('the server ended'))
        this.#waiting.clear()
        resolve()
      }
      this.#child.once('exit', end)
      this.#child.once('error', end)
    })
    this.#child.stdin.on('error', () => {})
    this.#child.stdout.setEncoding('utf8')
    this.#child.stdout.on('data', (chunk) => this.#read(chunk))
  }

  get pid() {
    return this.#child.pid
  }

  #read(chunk) {
    this.#text += chunk
    for (let end = this.#text.indexOf('\n'); end !== -1; end = this.#text.indexOf('\n')) {
      const line = this.#text.slice(0, end)
      this.#text = this.#text.slice(end + 1)
      const message = JSON.parse(line)
      this.#waiting.get(message.id)?.resolve(message)
      this.#waiting.delete(message.id)
    }
  }

  /** Bytes as they are: half lines, nonsense. */
  write(text) {
    if (!this.ended) this.#child.stdin.write(text)
  }

  closeStdin() {
    this.#child.stdin.end()
  }

  async request(method, params, timeoutS = 60) {
    if (this.ended) throw new Lost('the server has ended')
    const id = ++this.#id
    let timer
    const answer = new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      timer = setTimeout(() => {
        this.#waiting.delete(id)
        reject(new Lost(`no answer to ${method} within ${timeoutS} s`))
      }, timeoutS * 1000)
    })
    this.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`)
    try {
      return await answer
    } finally {
      clearTimeout(timer)
    }
  }

  async open() {
    await this.request('initialize', {
      protocolVersion: '2025-06-18',
      capabilities: {},
      clientInfo: { name: 'storm', version: '1' },
    })
    this.write(`${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' })}\n`)
    return this
  }

  /** @returns {Promise<{refused: boolean, content: any}>} */
  async call(name, args, timeoutS) {
    const message = await this.request('tools/call', { name, arguments: args }, timeoutS)
    if (message.error) return { refused: true, content: { error: message.error } }
    const { isError, structuredContent, content } = message.result
    return { refused: isError === true, content: structuredContent ?? { text: content } }
  }

  async close() {
    if (this.ended) return
    this.closeStdin()
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 5000)
    await this.gone
    clearTimeout(timer)
  }
}
