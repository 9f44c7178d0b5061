import { realpathSync } from 'node:fs'
import { basename, delimiter, dirname, isAbsolute, join, relative, sep } from 'node:path'
import { quote } from './quote.ts'

export interface Start {
  /** process.argv[1]: the path as it was found, links not followed. */
  script: string
  cwd: string
  /** PATH of the person who started it. */
  path: string
  /** Whether npx started it. */
  npx: boolean
}

function thisStart(): Start {
  const { PATH = '', npm_command, npm_lifecycle_event } = process.env
  const npx = npm_command === 'exec' && npm_lifecycle_event === 'npx'
  return { script: process.argv[1] ?? '', cwd: process.cwd(), path: PATH, npx }
}

/**
 * How this program was started, as the beginning of a command that works as pasted: `specweave-ml` where that is on
 * the PATH, `npx specweave-ml` inside a project that has it, else Node with the path of the script.
 * @param options.anywhere for a reader whose working folder we do not know (an MCP client's person): no relative path
 */
export function invocation(start: Start = thisStart(), options: { anywhere?: boolean } = {}): string {
  const { script, cwd } = start
  // `npx specweave-ml` inside a checkout of this program runs dist/main.js itself, by a link in npm's cache.
  const real = realPath(script)
  if (start.npx && isInside(dirname(dirname(real)), cwd) && !options.anywhere) return 'npx specweave-ml'
  const folder = dirname(script)
  if (basename(script) !== 'specweave-ml' || script.split(sep).includes('_npx'))
    return `node ${quote(shown(real, cwd, options))}`
  if (!folder.endsWith(join('node_modules', '.bin')))
    return onPath(start, folder) ? 'specweave-ml' : quote(shown(script, cwd, options))
  const inProject = isInside(dirname(dirname(folder)), cwd) && !options.anywhere
  return inProject ? 'npx specweave-ml' : quote(script)
}

function onPath(start: Start, folder: string): boolean {
  return start.path.split(delimiter).some((entry) => entry !== '' && realPath(entry) === realPath(folder))
}

function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}

function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path)
  return way === '' || (!way.startsWith('..') && !isAbsolute(way))
}

function shown(script: string, cwd: string, options: { anywhere?: boolean }): string {
  return !options.anywhere && isInside(cwd, script) ? relative(cwd, script) : script
}
