// A Python process that answers each line with a line of JSON, so that it can be measured in turn with others.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

export class PythonWorker {
  #lines
  #child
  #said = ''

  constructor(python, args, { cwd, env = {} }) {
    this.#child = spawn(python, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    this.#child.stderr.on('data', (text) => {
      this.#said = (this.#said + text).slice(-2000)
    })
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]()
  }

  async ask(what) {
    this.#child.stdin.write(`${what}\n`)
    const { value, done } = await this.#lines.next()
    if (done) throw new Error(`the Python process has ended: ${this.#said}`)
    return JSON.parse(value)
  }

  async close() {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const ended = new Promise((resolve) => this.#child.once('exit', resolve))
    this.#child.stdin.end()
    await ended
  }
}
