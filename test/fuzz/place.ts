import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { removeFolder } from '../support/remove-folder.ts'
import { until } from '../support/until.ts'
import { Wire } from './wire.ts'

/** What stands in the places that nobody may read or write. */
export const OUTSIDE_SECRET = 'outside-7c1d-secret'

/** Made anew at any time, or no records: the index, the logs of our own defects, locks, what was found out about Pythons. */
const NO_RECORD =
  /^project\/\.specweave\/(?:index\.db|reservations\/index\.lock)|^state\/(?:logs|locks|interpreters|index)(?:\/|$)/

/**
 * A workspace with one increment and one finished run, beside folders that must stay as they are, with links and special
 * files in it that lead out.
 */
export class Place {
  readonly base = realpathSync(mkdtempSync(join(tmpdir(), 'specweave-ml-fuzz-')))
  readonly root = join(this.base, 'project')
  readonly #environment: Record<string, string>
  #wire: Wire | undefined
  #hashes = new Map<string, string>()
  #kept = new Map<string, Buffer | string | undefined>()

  constructor(environment: Record<string, string> = {}) {
    this.#environment = environment
    for (const folder of ['project/.specweave/increments', 'home', 'beside'])
      mkdirSync(join(this.base, folder), { recursive: true })
    writeFileSync(join(this.base, 'beside/secret.txt'), OUTSIDE_SECRET)
    writeFileSync(join(this.base, 'beside/spec.md'), `---\ntitle: ${OUTSIDE_SECRET}\nml: {}\n---\n`)
    writeFileSync(join(this.base, 'home/.netrc'), OUTSIDE_SECRET)
    this.write('.specweave/ml.yaml', 'id: test\n')
    this.write(
      'data.csv',
      `id,a,y\n${Array.from({ length: 60 }, (_, i) => `${i},${i % 7},${i % 2}`).join('\n')}\n`,
    )
    symlinkSync(join(this.base, 'beside'), join(this.root, 'link-out'))
    execFileSync('mkfifo', [join(this.root, 'pipe')])
  }

  get env(): Record<string, string> {
    return {
      PATH: process.env.PATH ?? '',
      HOME: join(this.base, 'home'),
      SPECWEAVE_STATE_DIR: join(this.base, 'state'),
      SPECWEAVE_LAB_DIR: process.env.SPECWEAVE_LAB_DIR ?? join(this.base, 'no-lab'),
      ...this.#environment,
    }
  }

  async wire(): Promise<Wire> {
    if (!this.#wire || this.#wire.ended)
      this.#wire = await new Wire({ root: this.root, env: this.env }).initialize()
    return this.#wire
  }

  /** Another server process from the next call on. */
  async restart(): Promise<void> {
    await this.#wire?.close()
    this.#wire = undefined
  }

  /** A call that must be carried out. */
  // biome-ignore lint/suspicious/noExplicitAny: each test knows the shape that it asks for
  async call<T = any>(tool: string, args: object = {}): Promise<T> {
    const { reply, line } = await (await this.wire()).call(tool, args)
    if (!reply.result || reply.result.isError) throw new Error(`${tool} was refused: ${line.slice(0, 3000)}`)
    return reply.result.structuredContent as T
  }

  /** Runs a command to its end, and to the end of its supervisor. */
  // biome-ignore lint/suspicious/noExplicitAny: as above
  async run(args: object): Promise<any> {
    const { run } = await this.call('run_experiment', { increment: '0001', wait_s: 40, ...args })
    await this.settled()
    return this.call('get_run', { run })
  }

  /** The usual beginning: an increment, and a run that ended well. */
  async begin(): Promise<this> {
    await this.call('create_increment', {
      title: 'churn model',
      problem_type: 'classification',
      success_metrics: ['accuracy > 0.8'],
    })
    await this.run({ name: 'forest', command: ['python3', '-c', 'print(1)'], params: { lr: 0.1 } })
    return this
  }

  write(path: string, content: string | Buffer): string {
    const file = join(this.root, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, content)
    return file
  }

  /** Waits until every supervisor of this workspace has left, also one that has claimed nothing yet. */
  async settled(): Promise<void> {
    await until('the supervisors to leave', () => !supervisesFor(this.root))
  }

  /** Every path below the base with what it holds. Contents are read again only where a file was touched. */
  tree(): Map<string, string> {
    const seen = new Map<string, string>()
    const hashes = new Map<string, string>()
    const walk = (folder: string): void => {
      for (const entry of readdirSync(folder, { withFileTypes: true })) {
        const path = join(folder, entry.name)
        const shown = relative(this.base, path)
        if (NO_RECORD.test(shown)) continue
        if (entry.isDirectory()) {
          if (!shown.startsWith('state')) seen.set(`${shown}/`, '')
          walk(path)
        } else if (entry.isSymbolicLink()) seen.set(shown, `-> ${readlinkSync(path)}`)
        else if (!entry.isFile()) seen.set(shown, 'special')
        else {
          const { ino, size, mtimeNs, ctimeNs } = lstatSync(path, { bigint: true })
          const stamp = `${path}:${ino}:${size}:${mtimeNs}:${ctimeNs}`
          const hash =
            this.#hashes.get(stamp) ?? createHash('sha256').update(readFileSync(path)).digest('hex')
          hashes.set(stamp, hash)
          seen.set(shown, hash.slice(0, 16))
        }
      }
    }
    walk(this.base)
    this.#hashes = hashes
    return seen
  }

  /** Remembers the workspace and the state folder as they stand, for {@link restore}. */
  keep(): void {
    this.#kept = new Map(
      [...this.tree()].map(([shown, what]) => [
        shown,
        shown.endsWith('/') || what === 'special' || what.startsWith('->')
          ? undefined
          : readFileSync(join(this.base, shown)),
      ]),
    )
  }

  /** Brings workspace and state folder back to what {@link keep} saw. */
  restore(before: Map<string, string>): void {
    const now = this.tree()
    const other = [...now.keys()].filter((path) => now.get(path) !== before.get(path))
    for (const shown of other.sort().reverse())
      if (!before.has(shown) || before.get(shown) !== 'special')
        rmSync(join(this.base, shown), { recursive: true, force: true })
    for (const [shown, what] of [...before].sort()) {
      const path = join(this.base, shown)
      const content = this.#kept.get(shown)
      if (shown.endsWith('/')) mkdirSync(path, { recursive: true })
      else if (content !== undefined && now.get(shown) !== what) writeFileSync(path, content)
    }
  }

  async dispose(): Promise<void> {
    await this.#wire?.close()
    await this.settled().catch(() => {})
    await removeFolder(this.base)
  }
}

/** Paths that came, went or changed, sorted. */
export function changes(before: Map<string, string>, after: Map<string, string>): string[] {
  const paths = new Set([...before.keys(), ...after.keys()])
  return [...paths].filter((path) => before.get(path) !== after.get(path)).sort()
}

function supervisesFor(root: string): boolean {
  const commands =
    process.platform === 'linux'
      ? readdirSync('/proc')
          .filter((name) => /^\d+$/.test(name))
          .map(commandLine)
      : execFileSync('ps', ['-axo', 'command='], { encoding: 'utf8' }).split('\n')
  return commands.some(
    (command) =>
      command.includes('supervise') && command.includes(root) && !command.includes('supervise: waiting'),
  )
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}

/** Of what changed, what is neither a record of the workspace nor of the state folder. */
export function outside(changed: readonly string[]): string[] {
  return changed.filter((path) => !/^(?:project\/\.specweave|state)\//.test(path))
}
