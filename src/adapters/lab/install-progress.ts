const FETCHED = /^(?:Collecting|Requirement already satisfied:| \+)\s*([A-Za-z0-9._-]+?)(?:[=<>!~ ]|$)/
const FETCHED_FILE = /^Processing \S*?([A-Za-z0-9_.]+)-\d\S*\.(?:whl|tar\.gz)/

/** Reads what pip and uv print while they install, and says how far they are. */
export class InstallProgress {
  readonly #names: ReadonlySet<string>
  readonly #seen = new Set<string>()
  readonly #tell: (message: string, fraction: number) => void

  /** @param lock text of requirements.lock: one name for each pin, whichever marker it has. */
  constructor(lock: string, tell: (message: string, fraction: number) => void) {
    this.#names = new Set([...lock.matchAll(/^([A-Za-z0-9._-]+)==/gm)].map(([, name = '']) => plain(name)))
    this.#tell = tell
  }

  /** Fetching takes most of the time: nine tenths of the bar. uv names its packages only at the end. */
  line(text: string): void {
    const name = plain(FETCHED.exec(text)?.[1] ?? FETCHED_FILE.exec(text)?.[1] ?? '')
    if (this.#names.has(name) && !this.#seen.has(name)) {
      this.#seen.add(name)
      const [count, total] = [this.#seen.size, this.#names.size]
      this.#tell(`Package ${count} of ${total}: ${name}`, (0.9 * count) / total)
    } else if (/^(?:Installing collected packages|Installed \d+ packages)/.test(text)) {
      this.#tell(`Writing ${this.#names.size} packages`, 0.92)
    }
  }
}

/** PEP 503: case and runs of `-`, `_` and `.` do not tell names apart. */
function plain(name: string): string {
  return name.toLowerCase().replace(/[-_.]+/g, '-')
}
