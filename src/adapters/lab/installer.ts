import { type ChildProcess, spawn } from 'node:child_process'
import { createWriteStream, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { readJson, writeFileAtomic } from '../files.ts'
import { liveness, machineIdentity, type ProcessIdentity, processStartTime } from '../process/identity.ts'

const KEPT_LINES = 400

/** A step that ended with another code than 0. */
export class StepFailure extends Error {
  readonly lines: readonly string[]

  constructor(command: string, code: number | string, lines: readonly string[]) {
    super(`${command} ended with ${code}`)
    this.lines = lines
  }
}

/**
 * Runs one step of the set-up, its output into `setup.log`. The step leads a process group and is recorded in
 * `installing.json`, so that whoever takes over from a dead set-up can end what it left running.
 * @throws StepFailure with the last lines; AbortError.
 */
export async function runStep(
  folder: string,
  command: string,
  args: readonly string[],
  options: {
    environment?: NodeJS.ProcessEnv
    signal?: AbortSignal | undefined
    line?(text: string): void
  } = {},
): Promise<string[]> {
  options.signal?.throwIfAborted()
  const log = createWriteStream(join(folder, 'setup.log'), { flags: 'a' })
  log.write(`\n$ ${[command, ...args].join(' ')}\n`)
  const child = spawn(command, args, {
    cwd: folder,
    env: options.environment ?? process.env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  const lines: string[] = []
  const read = (stream: NodeJS.ReadableStream) =>
    createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY }).on('line', (text) => {
      log.write(`${text}\n`)
      lines.push(text)
      if (lines.length > KEPT_LINES) lines.shift()
      options.line?.(text)
    })
  read(child.stdout)
  read(child.stderr)
  const stop = () => signalGroup(child.pid, 'SIGTERM')
  options.signal?.addEventListener('abort', stop, { once: true })
  process.once('exit', stop)
  try {
    if (child.pid) remember(folder, child.pid)
    const code = await ended(child)
    options.signal?.throwIfAborted()
    if (code !== 0) throw new StepFailure(`${command} ${args.slice(0, 3).join(' ')}`, code, lines)
    return lines
  } finally {
    options.signal?.removeEventListener('abort', stop)
    process.removeListener('exit', stop)
    rmSync(installing(folder), { force: true })
    await new Promise<void>((resolve) => log.end(() => resolve()))
  }
}

/** Ends the step that a set-up which died left running; nothing where there is none, or it is not ours to judge. */
export async function endLeftover(folder: string): Promise<void> {
  const left = readJson<ProcessIdentity>(installing(folder))
  if (left && liveness(left) === 'alive') {
    signalGroup(left.pid, 'SIGTERM')
    for (let i = 0; i < 50 && liveness(left) === 'alive'; i++) await sleep(100)
    if (liveness(left) === 'alive') signalGroup(left.pid, 'SIGKILL')
    while (liveness(left) === 'alive') await sleep(50)
  }
  rmSync(installing(folder), { force: true })
}

function installing(folder: string): string {
  return join(folder, 'installing.json')
}

function remember(folder: string, pid: number): void {
  const start_time = processStartTime(pid)
  if (start_time === undefined) return
  writeFileAtomic(installing(folder), JSON.stringify({ pid, start_time, ...machineIdentity() }))
}

function ended(child: ChildProcess): Promise<number | string> {
  return new Promise((resolve) => {
    child.once('error', (cause) => resolve(cause.message))
    child.once('close', (code, signal) => resolve(code ?? signal ?? 'no code'))
  })
}

function signalGroup(pid: number | undefined, name: NodeJS.Signals): void {
  try {
    if (pid) process.kill(-pid, name)
  } catch {
    // It has ended already.
  }
}
