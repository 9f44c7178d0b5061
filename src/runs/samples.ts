import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { readText } from '../adapters/files.ts'
import { processesOfRun } from '../adapters/process/group.ts'
import { usageOf } from '../adapters/process/usage.ts'

/** One line of `resources.jsonl`. `awake_s` is the run's age without the time that the machine slept. */
export interface Sample {
  t: number
  awake_s: number
  cpu_s: number
  rss_bytes: number
}

/**
 * The age of a run in time awake, and its use of CPU and memory. Samples are kept in a file, from which an adopter
 * takes the age over.
 */
export class Sampler {
  readonly #file: string
  readonly #folder: string
  #awakeBeforeS: number
  #since = process.hrtime.bigint()
  #last: Sample | undefined
  maxRssBytes = 0
  cpuS = 0

  constructor(folder: string, startedAtMs: number) {
    this.#folder = folder
    this.#file = join(folder, 'resources.jsonl')
    const lines = (readText(this.#file) ?? '').split('\n').filter(Boolean)
    for (const line of lines) this.#note(parse(line))
    // Between the last sample and this adoption the machine is taken to have been awake.
    this.#awakeBeforeS = this.#last
      ? this.#last.awake_s + Math.max(0, Date.now() / 1000 - this.#last.t)
      : Math.max(0, (Date.now() - startedAtMs) / 1000)
  }

  /** CLOCK_MONOTONIC stands still while the machine sleeps. */
  awakeS(): number {
    return this.#awakeBeforeS + Number(process.hrtime.bigint() - this.#since) / 1e9
  }

  take(leader: number): void {
    const usage = usageOf([leader, ...processesOfRun(leader, this.#folder)])
    const sample: Sample = {
      t: Date.now() / 1000,
      awake_s: round(this.awakeS()),
      cpu_s: round(usage.cpuS),
      rss_bytes: usage.rssBytes,
    }
    this.#note(sample)
    try {
      appendFileSync(this.#file, `${JSON.stringify(sample)}\n`)
    } catch {
      // A full disk must not end the run; the next sample may find room.
    }
  }

  get taken(): boolean {
    return this.#last !== undefined
  }

  #note(sample: Sample | undefined): void {
    if (!sample) return
    this.#last = sample
    this.maxRssBytes = Math.max(this.maxRssBytes, sample.rss_bytes)
    this.cpuS = Math.max(this.cpuS, sample.cpu_s)
  }
}

export function parse(line: string): Sample | undefined {
  try {
    return JSON.parse(line) as Sample
  } catch {
    return undefined
  }
}

function round(seconds: number): number {
  return Math.round(seconds * 1000) / 1000
}
