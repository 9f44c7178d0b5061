import { existsSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { readText } from '../adapters/files.ts'
import type { RunRecord } from './record.ts'
import { scriptsOf } from './submit.ts'

const MOST_FILES = 100
const LARGEST = 1024 * 1024
/** `from a.b import c, d`, also over lines, and `import a.b as x, c`. */
const IMPORT =
  /^[ \t]*(?:from[ \t]+(\.*[\w.]*)[ \t]+import[ \t]+(\([^)]*\)|[^\n#;]+)|import[ \t]+([^\n#;]+))/gm

/**
 * The texts of the scripts that a command names and of the workspace's own Python modules that they import, by what stands
 * in them as `import`: what is imported by other means is not found.
 */
export function ownSources(root: string, record: Pick<RunRecord, 'command' | 'cwd'>): string[] {
  const place = resolve(root, record.cwd)
  const queue = scriptsOf(root, record).map((path) => resolve(root, path))
  const [first] = queue
  const flag = record.command.indexOf('-m')
  if (flag >= 0) queue.push(...modulesOf([place], record.command[flag + 1] ?? ''))
  const top = [...(first ? [dirname(first)] : []), place]
  const texts = new Map<string, string>()
  for (let file = queue.shift(); file && texts.size < MOST_FILES; file = queue.shift()) {
    if (texts.has(file) || relative(root, file).startsWith('..')) continue
    const text = sizeOf(file) <= LARGEST ? readText(file) : undefined
    if (text === undefined) continue
    texts.set(file, text)
    if (file.endsWith('.py')) queue.push(...importsOf(text, file, top))
  }
  return [...texts.values()]
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0
}

function importsOf(text: string, file: string, top: readonly string[]): string[] {
  return [...text.matchAll(IMPORT)].flatMap(([, from, what = '', modules = '']) => {
    if (from === undefined) return names(modules).flatMap((name) => modulesOf(top, name))
    const dots = /^\.*/.exec(from)![0].length
    const base = from.slice(dots)
    const places = dots > 0 ? [resolve(dirname(file), ...Array<string>(dots - 1).fill('..'))] : top
    const inside = names(what).map((name) => (base ? `${base}.${name}` : name))
    return [...modulesOf(places, base), ...inside.flatMap((name) => modulesOf(places, name))]
  })
}

/** `(a as b, c)`: a and c. */
function names(list: string): string[] {
  return list
    .replaceAll(/[()]|#[^\n]*/g, ' ')
    .split(',')
    .map((one) => one.trim().split(/\s/)[0] ?? '')
    .filter((name) => /^[\w.]+$/.test(name))
}

/** The files of a module and of the packages around it. */
function modulesOf(places: readonly string[], module: string): string[] {
  if (!/^\w+(?:\.\w+)*$/.test(module)) return []
  const parts = module.split('.')
  return places.flatMap((place) =>
    parts
      .flatMap((_, at) => {
        const path = join(place, ...parts.slice(0, at + 1))
        return [`${path}.py`, join(path, '__init__.py')]
      })
      .filter((path) => existsSync(path)),
  )
}
