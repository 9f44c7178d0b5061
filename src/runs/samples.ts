import { appendFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type Clocks, readClocks } from '../adapters/awake-clock.ts'
import { readText } from '../adapters/files.ts'
import { processesOfRun } from '../adapters/process/group.ts'
import { machineIdentity } from '../adapters/process/identity.ts'
import { usageOf } from '../adapters/process/usage.ts'
import { list } from './facts.ts'
import type { Started } from './record.ts'

/** One line of `resources.jsonl`. */
export interface Sample {
  t: number
  /** Age of the run without the time that the machine slept, seconds. */
  awake_s: number
  /** Where the two clocks of the machine stood, which no setting of the time moves. */
  clock_awake_s: number
  clock_boot_s: number
  cpu_s: number
  rss_bytes: number
  /** Of logs and events together: where it stands still, the run is silent. */
  logged_bytes: number
}

/** Linux counts the start of a process in these since boot. */
const TICKS_PER_SECOND = 100

/**
 * The age of a run in time awake, and its use of CPU and memory. Samples are kept in a file, from which an adopter
 * takes the age over. The time of day is never asked: it may be set back and forth.
 */
export class Sampler {
  readonly #folder: string
  readonly #started: Started
  readonly #clocks: () => Clocks
  readonly #begun: { ageS: number; at: Clocks }
  #first: Sample | undefined
  #last: Sample | undefined
  maxRssBytes = 0
  cpuS = 0

  constructor(folder: string, started: Started, clocks: () => Clocks = readClocks) {
    this.#folder = folder
    this.#started = started
    this.#clocks = clocks
    const samples = readSamples(folder)
    for (const sample of samples) this.#note(sample)
    this.#begun = this.#last
      ? { ageS: this.#last.awake_s, at: clocksOf(this.#last) }
      : firstAge(started, clocks())
  }

  /** Seconds; of a run that another boot of the machine began, as far as it was seen. */
  awakeS(): number {
    if (this.#started.boot_id !== machineIdentity().boot_id) return this.#begun.ageS
    return this.#begun.ageS + Math.max(0, this.#clocks().awakeS - this.#begun.at.awakeS)
  }

  /**
   * How long the machine slept since the first sample, seconds.
   * @param exitS boot clock at the command's end, where it is known: a later sleep is none of the run's.
   */
  asleepS(exitS = Number.POSITIVE_INFINITY): number {
    const [first, last] = [this.#first, this.#last]
    if (!first || !last) return 0
    const seen = sleptUntil(last) - sleptUntil(first)
    if (this.#started.boot_id !== machineIdentity().boot_id) return Math.max(0, seen)
    const { awakeS, bootS } = this.#clocks()
    const since = Math.min(bootS - awakeS - sleptUntil(last), exitS - last.clock_boot_s)
    return Math.max(0, seen + Math.max(0, since))
  }

  take(): void {
    const { pid } = this.#started
    const usage = usageOf([pid, ...processesOfRun(this.#started, this.#folder)])
    const clocks = this.#clocks()
    const sample: Sample = {
      t: Date.now() / 1000,
      awake_s: round(this.awakeS()),
      clock_awake_s: round(clocks.awakeS),
      clock_boot_s: round(clocks.bootS),
      cpu_s: round(usage.cpuS),
      rss_bytes: usage.rssBytes,
      logged_bytes: loggedBytes(this.#folder),
    }
    this.#note(sample)
    try {
      appendFileSync(join(this.#folder, FILE), `${JSON.stringify(sample)}\n`)
    } catch {
      // A full disk must not end the run; the next sample may find room.
    }
  }

  get taken(): boolean {
    return this.#last !== undefined
  }

  #note(sample: Sample): void {
    this.#first ??= sample
    this.#last = sample
    this.maxRssBytes = Math.max(this.maxRssBytes, sample.rss_bytes)
    this.cpuS = Math.max(this.cpuS, sample.cpu_s)
  }
}

const FILE = 'resources.jsonl'

/**
 * How long a live run has logged nothing, in seconds awake; 0 where its supervisor's samples do not say.
 */
export function silentS(folder: string, clocks: Clocks = readClocks()): number {
  const samples = readSamples(folder)
  const last = samples.at(-1)
  if (!last || loggedBytes(folder) !== last.logged_bytes) return 0
  const since = samples.findLast(({ logged_bytes }) => logged_bytes !== last.logged_bytes) ?? samples[0]!
  return Math.max(0, clocks.awakeS - since.clock_awake_s)
}

function readSamples(folder: string): Sample[] {
  return (readText(join(folder, FILE)) ?? '').split('\n').flatMap((line) => {
    try {
      return [JSON.parse(line) as Sample]
    } catch {
      return []
    }
  })
}

/** Before the first sample: since the process began, as if the machine had been awake. */
function firstAge(started: Started, now: Clocks): { ageS: number; at: Clocks } {
  const beganS = bootSecondsAtStart(started)
  return { ageS: beganS === undefined ? 0 : Math.max(0, now.bootS - beganS), at: now }
}

/** When a process began, in seconds since boot; `undefined` where the platform counts otherwise. */
export function bootSecondsAtStart({ start_time }: Started): number | undefined {
  return /^\d+$/.test(start_time) ? Number(start_time) / TICKS_PER_SECOND : undefined
}

function clocksOf(sample: Sample): Clocks {
  return { awakeS: sample.clock_awake_s, bootS: sample.clock_boot_s }
}

function sleptUntil(sample: Sample): number {
  return sample.clock_boot_s - sample.clock_awake_s
}

function loggedBytes(folder: string): number {
  return ['events', 'logs'].reduce(
    (sum, name) =>
      sum +
      list(join(folder, name)).reduce(
        (bytes, file) => bytes + (statSync(join(folder, name, file), { throwIfNoEntry: false })?.size ?? 0),
        0,
      ),
    0,
  )
}

function round(seconds: number): number {
  return Math.round(seconds * 1000) / 1000
}
