import { type Dirent, existsSync, readdirSync } from 'node:fs'
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import { Refusal } from '../core/errors.ts'
import { nearest } from '../core/ids.ts'
import type { RunRequest } from './check-request.ts'

/** Options of the interpreter that stand alone, also several in one word (`-Bu`). */
const ALONE = /^-[bBdEiIOPqRsSuvx]+$/
/** `-W` and `-X` have a value: in the same word, or in the next. */
const VALUED = /^-[WX]/

/**
 * Where in a command the script stands that a Python interpreter is to run, such as 1 in `python train.py`.
 * @returns `undefined` unless that is plain: for `-m`, `-c`, `-`, an option that is not known, a placeholder, and for
 *   what is not named `.py`.
 */
export function scriptPlace(command: readonly string[]): number | undefined {
  if (!/^python(?:\d+(?:\.\d+)?)?$/.test(basename(command[0] ?? ''))) return undefined
  for (let at = 1; at < command.length; at++) {
    const word = command[at] as string
    if (ALONE.test(word)) continue
    if (VALUED.test(word)) at += word.length === 2 ? 1 : 0
    else return /\.py$/i.test(word) && !word.startsWith('-') && !word.includes('{') ? at : undefined
  }
  return undefined
}

/**
 * A script that is not there is refused before anything is written: Python would only say so after the run has waited
 * for its turn.
 * @param cwd where the command will be started, an absolute path
 * @param shown the command with secrets masked
 * @throws Refusal COMMAND_INVALID with the file that was looked for and the nearest script that exists
 */
export function requireScript(
  root: string,
  cwd: string,
  request: RunRequest,
  shown: readonly string[],
): void {
  const at = scriptPlace(request.command)
  if (at === undefined) return
  const typed = request.command[at] as string
  if (existsSync(isAbsolute(typed) ? typed : join(cwd, typed))) return
  const named = shown[at] as string
  const folder = relative(root, cwd)
  const where = isAbsolute(typed)
    ? ''
    : folder
      ? ` in ${folder}`
      : " in the workspace's root, where the command would start"
  const near = nearestScript(root, cwd, request, typed)
  throw new Refusal(
    'COMMAND_INVALID',
    `There is no file ${named}${where}: nothing was started.${near ? ` Did you mean ${near}?` : ''}`,
    {
      invalid: [{ field: 'command', problem: `the script ${named} was not found` }],
      ...(shown.every((word, index) => word === request.command[index]) && !request.control
        ? { next: [near ? corrected(request, at, near) : again(request, at)] }
        : {}),
    },
  )
}

/** The same run with the script that exists; what was left out of the request stays out. */
function corrected(request: RunRequest, at: number, script: string) {
  const { increment, name, cwd, params, seeds, timeout_s, resources, metrics_from, dataset } = request
  const given = { params, seeds, timeout_s, resources, metrics_from, dataset: dataset?.id, cwd }
  const kept = Object.entries(given).filter(([, value]) => value !== undefined)
  return {
    tool: 'run_experiment',
    arguments: {
      increment: increment.id,
      name,
      command: request.command.with(at, script),
      ...Object.fromEntries(kept),
    },
    why: 'the same run with a script that exists',
  }
}

function again(request: RunRequest, at: number) {
  const script = request.command[at] as string
  return { ...corrected(request, at, script), why: 'the same run, once the script is there' }
}

/** As it would be typed: relative to the command's folder. One with the same name comes before one that is spelt alike. */
function nearestScript(root: string, cwd: string, request: RunRequest, typed: string): string | undefined {
  const own = join(root, '.specweave', 'increments', request.increment.folder, 'scripts')
  const folders = [resolve(cwd, dirname(typed)), cwd, own, root, join(root, 'scripts'), join(root, 'src')]
  const inside = new Set(folders.filter((folder) => folder === root || folder.startsWith(root + sep)))
  const found = [...inside].flatMap((folder) => scriptsIn(folder).map((name) => join(folder, name)))
  const name = basename(typed)
  const [spelt] = nearest(name, [...new Set(found.map((path) => basename(path)))], 1)
  const script =
    found.find((path) => basename(path) === name) ?? found.find((path) => basename(path) === spelt)
  return script && relative(cwd, script)
}

function scriptsIn(folder: string): string[] {
  let entries: Dirent[]
  try {
    entries = readdirSync(folder, { withFileTypes: true })
  } catch {
    return []
  }
  return entries.filter((entry) => entry.name.endsWith('.py') && !entry.isDirectory()).map(({ name }) => name)
}
