import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
// @ts-expect-error a script without types
import { clientProgram } from '../../../scripts/client-programs.mjs'
// @ts-expect-error a script without types
import { node24 } from '../../../scripts/node24.mjs'
import { endCarrying } from '../../support/processes.ts'
import { removeFolder } from '../../support/remove-folder.ts'

export const ROOT = resolve(import.meta.dirname, '../../..')

export interface Ran {
  code: number
  stdout: string
  stderr: string
}

/** A client's program with a home, a project and a state folder of its own. */
export class RealClient {
  readonly place: string
  readonly project: string
  readonly env: Record<string, string>
  readonly #program: string

  private constructor(name: string, program: string, base: string) {
    mkdirSync(base, { recursive: true })
    this.place = realpathSync(mkdtempSync(join(base, `specweave-${name}-`)))
    this.project = join(this.place, 'project')
    this.#program = program
    const home = join(this.place, 'home')
    for (const folder of [this.project, home]) mkdirSync(folder)
    const { PATH = '', SPECWEAVE_LAB_DIR = join(ROOT, '.cache', 'lab') } = process.env
    this.env = {
      // What is bundled needs Node 24's own SQLite: nothing is compiled.
      PATH: `${dirname(node24())}:${PATH}`,
      HOME: home,
      SPECWEAVE_LAB_DIR,
      SPECWEAVE_STATE_DIR: join(this.place, 'state'),
      DISABLE_AUTOUPDATER: '1',
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    }
  }

  /**
   * @param base in which its folder is made: one program refuses the system's temporary one
   * @returns `undefined` where the program is not installed.
   */
  static find(name: string, base = tmpdir()): RealClient | undefined {
    const program = clientProgram(name) as string | undefined
    return program ? new RealClient(name, program, base) : undefined
  }

  /** Runs the client's program; a code other than 0 is no error here. */
  run(args: string[], options: { cwd?: string; env?: Record<string, string> } = {}): Promise<Ran> {
    return new Promise((done) => {
      const child = execFile(
        this.#program,
        args,
        { cwd: options.cwd ?? this.project, env: { ...this.env, ...options.env }, maxBuffer: 1 << 28 },
        (error, stdout, stderr) => done({ code: error ? Number(error.code ?? 1) : 0, stdout, stderr }),
      )
      child.stdin?.end()
    })
  }

  emptyProject(): void {
    rmSync(this.project, { recursive: true, force: true })
    mkdirSync(this.project)
  }

  async remove(): Promise<void> {
    await endCarrying(`SPECWEAVE_STATE_DIR=${this.env.SPECWEAVE_STATE_DIR}`)
    await removeFolder(this.place)
  }
}
