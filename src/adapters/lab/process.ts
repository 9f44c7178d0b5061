import type { Refusal } from '../../core/errors.ts'
import { type ChildEnd, LabChild } from './child.ts'
import { BUILT_LAB_SHA256, requireLabCode } from './code.ts'
import type { LabEnvironment } from './environment.ts'
import { type LabErrorMessage, labError, labFailed } from './lab-error.ts'
import { ensureLab } from './setup.ts'

export interface LabRequestOptions {
  signal?: AbortSignal
  progress?(message: string, fraction?: number): void
  /** Default 600. */
  timeoutS?: number
}

interface Pending {
  id: number
  progress: LabRequestOptions['progress']
  /** Whether the lab has said anything about it yet. */
  heard: boolean
  resolve(result: unknown): void
  reject(error: unknown): void
}

interface Answer {
  id?: number | null
  result?: unknown
  error?: LabErrorMessage
  progress?: { message: string; fraction?: number }
}

const DEFAULT_TIMEOUT_S = 600

/**
 * A client of the lab process: started when first needed, started again after it ended. Any number of callers may ask
 * at once; the lab answers one at a time, so the others wait here, where they can give up without harm to the one that
 * is being answered.
 */
export class LabClient {
  readonly #environment: (options: LabRequestOptions) => Promise<LabEnvironment>
  #child: LabChild | undefined
  #pending: Pending | undefined
  #turn: Promise<unknown> = Promise.resolve()
  #lastId = 0

  /** @param environment where the interpreter is; makes it where it is missing. */
  constructor(environment: (options: LabRequestOptions) => Promise<LabEnvironment> = ensureLab) {
    this.#environment = environment
  }

  /** Of the running process; `undefined` where none runs. */
  get pid(): number | undefined {
    return this.#child?.end ? undefined : this.#child?.pid
  }

  /**
   * One request and its answer. A process that ended while idle is started again without a word; so is, once, one that
   * somebody killed under a request that may be made twice. One that ends otherwise with the request under way fails it.
   * @throws Refusal of the lab (DATASET_INVALID, PREDICTIONS_INVALID, ...), LAB_FAILED, LAB_UNAVAILABLE; AbortError.
   */
  async request<T>(
    method: string,
    params: Record<string, unknown>,
    options: LabRequestOptions = {},
  ): Promise<T> {
    options.signal?.throwIfAborted()
    const environment = await this.#environment(options)
    let begun = false
    const answer = this.#turn.then(async () => {
      options.signal?.throwIfAborted()
      begun = true
      const ask = () => this.#ask(environment, method, params, options)
      return ask().catch((cause) => {
        if (cause instanceof LeftIdle) return ask()
        if (cause instanceof Killed && !ONCE_ONLY.has(method)) return ask()
        throw cause
      })
    })
    this.#turn = answer.catch(() => {})
    try {
      return (await leaving(answer, options.signal, () => begun)) as T
    } catch (cause) {
      throw cause instanceof Killed ? cause.refusal : cause
    }
  }

  /** Ends the process in good order, after the request that it is answering. */
  async close(): Promise<void> {
    await this.#turn
    const child = this.#child
    this.#child = undefined
    child?.hold(true)
    child?.close()
    await child?.ended
  }

  async #ask(
    environment: LabEnvironment,
    method: string,
    params: Record<string, unknown>,
    { signal, progress, timeoutS = DEFAULT_TIMEOUT_S }: LabRequestOptions,
  ): Promise<unknown> {
    const child = this.#running(environment)
    const id = ++this.#lastId
    const aborted = () => child.kill()
    let late = false
    const timer = setTimeout(() => {
      late = true
      child.kill()
    }, timeoutS * 1000)
    child.hold(true)
    signal?.addEventListener('abort', aborted, { once: true })
    try {
      return await new Promise((resolve, reject) => {
        this.#pending = { id, progress, heard: false, resolve, reject }
        void child.ended.then((end) => {
          const leftIdle = 'code' in end && end.code === 0 && !this.#pending?.heard
          if (signal?.aborted) reject(signal.reason)
          else if (late) reject(labFailed(`${method} did not answer within ${timeoutS} s.`, child.stderr))
          else if (leftIdle) reject(new LeftIdle())
          else {
            const refusal = endedUnder(method, end, child.stderr)
            reject('signal' in end ? new Killed(refusal) : refusal)
          }
        })
        child.write(JSON.stringify({ id, method, params }))
      })
    } finally {
      clearTimeout(timer)
      signal?.removeEventListener('abort', aborted)
      this.#pending = undefined
      child.hold(false)
    }
  }

  #running(environment: LabEnvironment): LabChild {
    if (!this.#child || this.#child.end || this.#child.killed) {
      const child: LabChild = new LabChild(environment, (line) => this.#receive(child, line))
      this.#child = child
    }
    return this.#child
  }

  #receive(child: LabChild, line: string): void {
    let answer: Answer | null
    try {
      answer = JSON.parse(line) as Answer | null
    } catch {
      child.note(line)
      return
    }
    const pending = this.#pending
    if (!pending || answer?.id !== pending.id) return
    pending.heard = true
    if (answer.progress) pending.progress?.(answer.progress.message, answer.progress.fraction)
    else if (answer.error) {
      const { error } = answer
      // What it said on stderr was written before, but comes by another pipe: it may be read after.
      setTimeout(() => pending.reject(labError(error, child.stderr)), error.code === 'LAB_FAILED' ? 50 : 0)
    } else pending.resolve(answer.result)
  }
}

/** Who gives up while others are being answered before him leaves at once; a begun request ends with its process. */
function leaving<T>(answer: Promise<T>, signal: AbortSignal | undefined, begun: () => boolean): Promise<T> {
  if (!signal) return answer
  return new Promise((resolve, reject) => {
    const abort = () => {
      if (!begun()) reject(signal.reason)
    }
    signal.addEventListener('abort', abort, { once: true })
    answer.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}

/** The process ended for want of requests in the moment in which one was written to it. */
class LeftIdle extends Error {}

/** Somebody else's signal ended the process under a request. */
class Killed extends Error {
  readonly refusal: Refusal
  constructor(refusal: Refusal) {
    super(refusal.message)
    this.refusal = refusal
  }
}

/** These fill a folder that has to be empty when they begin. */
const ONCE_ONLY: ReadonlySet<string> = new Set(['register_dataset'])

function endedUnder(method: string, end: ChildEnd, stderr: readonly string[]): Refusal {
  const how =
    'error' in end
      ? `its Python could not be started (${end.error})`
      : 'code' in end
        ? `it ended with code ${end.code}`
        : `it was ended by ${end.signal}${end.signal === 'SIGKILL' ? ' (out of memory?)' : ''}`
  return labFailed(`${how} during ${method}.`, stderr)
}

let shared: LabClient | undefined

/**
 * A request to the one lab process of this process, whose code is that of the build. See {@link LabClient.request}.
 * @throws Refusal LAB_CHANGED
 */
export async function labRequest<T>(
  method: string,
  params: Record<string, unknown>,
  options: LabRequestOptions = {},
): Promise<T> {
  requireLabCode()
  shared ??= new LabClient()
  return shared.request<T>(method, params, options)
}

export interface LabVersion {
  version: string
  /** Of the lab's own code, as the process found it when it started. */
  sha256: string
  python: string
  packages: Record<string, string | null>
}

let version: { pid: number | undefined; answer: Promise<LabVersion> } | undefined

/**
 * Who measures: the lab's version and code, its Python and its packages. Each process is asked once.
 * @throws Refusal LAB_CHANGED where the process was started with other code than that of the build.
 */
export async function labVersion(options: LabRequestOptions = {}): Promise<LabVersion> {
  if (!version || version.pid !== shared?.pid) {
    const asked = { pid: shared?.pid, answer: labRequest<LabVersion>('ping', {}, options) }
    version = asked
    asked.answer.then(
      () => {
        asked.pid = shared?.pid
      },
      () => {
        if (version === asked) version = undefined
      },
    )
  }
  const found = await version.answer
  requireLabCode({ sha256: found.sha256, built: BUILT_LAB_SHA256 })
  return found
}

/** Ends the shared lab process where one runs; for hosts that close in good order, and tests. */
export async function closeLab(): Promise<void> {
  await shared?.close()
}
