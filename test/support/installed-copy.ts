import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../hosts/mcp-client.ts'

const PACKED = ['dist', 'templates', 'commands', 'skills', 'package.json', 'python/sdk', 'python/lab']

/** The package as it is installed, in a folder of its own that a test may edit. */
export class InstalledCopy {
  readonly folder: string

  constructor(folder: string) {
    this.folder = folder
    mkdirSync(folder, { recursive: true })
    for (const name of PACKED)
      cpSync(join(ROOT, name), join(folder, name), {
        recursive: true,
        filter: (path) => !/\/(?:__pycache__|tests|\.[^/]+)$/.test(path),
      })
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  }

  get program(): string {
    return join(this.folder, 'dist', 'main.js')
  }

  /** Absolute path of a module of the lab, such as `metrics/measured.py`. */
  lab(module: string): string {
    return join(this.folder, 'python/lab/specweave_lab', module)
  }

  /** Calls the copy's program in a workspace. */
  run(args: string[], { root, env }: { root: string; env: Record<string, string> }) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [this.program, ...args], {
      cwd: root,
      env,
      encoding: 'utf8',
    })
    return { code: status ?? -1, stdout, stderr }
  }
}
