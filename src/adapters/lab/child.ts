import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { type LabEnvironment, labPackage } from './environment.ts'

const STDERR_LINES = 50

/** How a child ended: its exit code, else the signal that ended it, else why it could not be started. */
export type ChildEnd = { code: number } | { signal: string } | { error: string }

/** One running lab process: lines in, lines out, its end. Knows nothing of requests. */
export class LabChild {
  /** The last lines of its stderr. */
  readonly stderr: string[] = []
  /** Settles when the process has ended and all it wrote was read. */
  readonly ended: Promise<ChildEnd>
  end: ChildEnd | undefined
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>
  readonly #kill = () => this.kill()

  constructor(environment: LabEnvironment, line: (text: string) => void) {
    this.#child = spawn(environment.python, ['-m', 'specweave_lab'], {
      cwd: environment.folder,
      env: labEnvironment(environment),
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    this.#child.stdin.on('error', () => {})
    createInterface({ input: this.#child.stdout }).on('line', line)
    createInterface({ input: this.#child.stderr }).on('line', (text) => this.note(text))
    this.ended = new Promise((resolve) => {
      const settle = (end: ChildEnd) => {
        this.end ??= end
        process.removeListener('exit', this.#kill)
        resolve(this.end)
      }
      this.#child.once('error', (cause) => settle({ error: cause.message }))
      this.#child.once('close', (code, signal) =>
        settle(code === null ? { signal: signal ?? 'a signal' } : { code }),
      )
    })
    process.once('exit', this.#kill)
    this.hold(false)
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  note(text: string): void {
    this.stderr.push(text)
    if (this.stderr.length > STDERR_LINES) this.stderr.shift()
  }

  write(line: string): void {
    this.#child.stdin.write(`${line}\n`)
  }

  /** Whether this process may end while the lab runs: it must not while somebody waits for an answer. */
  hold(on: boolean): void {
    const parts = [
      this.#child,
      this.#child.stdin,
      this.#child.stdout,
      this.#child.stderr,
    ] as unknown as Socket[]
    for (const part of parts) on ? part.ref() : part.unref()
  }

  /** Whether {@link kill} was called: it may take a moment to end. */
  get killed(): boolean {
    return this.#child.killed
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }

  /** The orderly way: at the end of its stdin the lab ends by itself. */
  close(): void {
    this.#child.stdin.end()
  }
}

function labEnvironment(environment: LabEnvironment): NodeJS.ProcessEnv {
  const { PYTHONHOME: _home, VIRTUAL_ENV: _venv, ...rest } = process.env
  return {
    ...rest,
    PYTHONPATH: labPackage(),
    // A file `numpy.py` in the working folder or the user's own packages must not be imported.
    PYTHONSAFEPATH: '1',
    PYTHONNOUSERSITE: '1',
    PYTHONPYCACHEPREFIX: byteCode(environment),
    PYTHONUTF8: '1',
  }
}

/** The package's folder may be read-only, and should stay clean anyway. */
function byteCode(environment: LabEnvironment): string {
  const folder = join(environment.folder, 'pycache')
  mkdirSync(folder, { recursive: true })
  return folder
}
