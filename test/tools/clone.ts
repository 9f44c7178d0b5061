import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pc from 'picocolors'
import { commands } from '../../src/hosts/cli/commands.ts'
import { processIo } from '../../src/hosts/cli/io.ts'
import { runCli } from '../../src/hosts/cli/run-cli.ts'
import { tools } from '../../src/tools/registry.ts'
import type { AnyTool } from '../../src/tools/tool.ts'
import { PROGRAM } from '../hosts/mcp-client.ts'
import { removeFolder } from '../support/remove-folder.ts'

export interface Ran {
  code: number
  stdout: string
  stderr: string
}

/** A clone on what might be another machine: another home and state folder, and nothing but what Git holds. */
export class Clone {
  readonly root: string
  readonly env: Record<string, string>

  constructor(base: string, from: string, name: string) {
    const place = join(base, name)
    this.root = join(place, 'clone')
    mkdirSync(join(place, 'home'), { recursive: true })
    execFileSync('git', ['clone', '-q', from, this.root])
    this.env = {
      PATH: process.env.PATH ?? '',
      HOME: realpathSync(join(place, 'home')),
      SPECWEAVE_STATE_DIR: join(place, 'state'),
      SPECWEAVE_LAB_DIR: process.env.SPECWEAVE_LAB_DIR ?? '',
    }
  }

  get state(): string {
    return this.env.SPECWEAVE_STATE_DIR as string
  }

  verify(...args: string[]): Ran {
    return this.cli('verify', ...args)
  }

  /** The program, as a process of its own. */
  cli(...args: string[]): Ran {
    const { status, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, ...args], {
      cwd: this.root,
      env: this.env,
      encoding: 'utf8',
    })
    return { code: status ?? -1, stdout, stderr }
  }

  /** `verify --recompute` in this process, whose one lab scores for all tests of a file: a lab takes seconds to start. */
  async recompute(...args: string[]): Promise<Ran> {
    const written = { stdout: '', stderr: '' }
    const before = process.env
    process.env = { ...before, ...this.env }
    try {
      const io = {
        ...processIo(this.root, new AbortController().signal),
        out: (text: string) => {
          written.stdout += `${text}\n`
        },
        err: (text: string) => {
          written.stderr += `${text}\n`
        },
        terminal: { stdin: false, stdout: false, stderr: false },
        colours: pc.createColors(false),
        program: 'specweave-ml',
      }
      const given = { tools: tools as readonly AnyTool[], commands, io }
      return { code: await runCli(['verify', '--recompute', ...args], given), ...written }
    } finally {
      process.env = before
    }
  }

  /** Absolute folder of a run. */
  folder(run: string): string {
    const [, ...rest] = run.split('/')
    return join(this.increment(run.split('/')[0] ?? ''), 'experiments', ...rest)
  }

  /** Absolute folder of an increment. */
  increment(id: string): string {
    const increments = join(this.root, '.specweave/increments')
    return join(increments, readdirSync(increments).find((name) => name.startsWith(`${id}-`)) ?? '')
  }
}

/** The clones that a test file makes, in one folder. */
export class Clones {
  readonly #base = realpathSync(mkdtempSync(join(tmpdir(), 'specweave-ml-clones-')))
  #made = 0

  /** A fresh one of that workspace. */
  of(root: string): Clone {
    return new Clone(this.#base, root, `clone-${++this.#made}`)
  }

  remove(): Promise<void> {
    return removeFolder(this.#base)
  }
}

/** Changes a file by hand. */
export function edit(file: string, change: (text: string) => string): void {
  const text = readFileSync(file, 'utf8')
  const changed = change(text)
  if (changed === text) throw new Error(`${file} is what it was`)
  writeFileSync(file, changed)
}
