import { basename, isAbsolute, join } from 'node:path'
import { packageRoot } from '../package-root.ts'

/** What a Python command loads first: a file, a module or a text. */
export type PythonEntry =
  | { kind: 'script'; what: string }
  | { kind: 'module'; what: string }
  | { kind: 'code'; what: string }

export interface ImportProblem {
  module: string
  file: string
  line: number
}

export interface ImportsFound {
  missing: ImportProblem[]
  /** Not found either, in scripts that change where Python searches. */
  unsure: ImportProblem[]
  syntax: { file: string; line: number | null; problem: string } | null
  files: number
}

/** Where and with what a run's interpreter is started. */
export interface PythonPlace {
  interpreter: string
  cwd: string
  env: Record<string, string>
}

const LONGEST_MS = 60_000
/** Flags of Python that are followed by a value. */
const WITH_VALUE = new Set(['-W', '-X', '--check-hash-based-pycs'])

export function isPython(program: string): boolean {
  return /^python(?:\d+(?:\.\d+)?)?$/.test(basename(program))
}

/** What a command of Python runs; `undefined` where it is an interpreter without one. */
export function pythonEntry([, ...rest]: readonly string[]): PythonEntry | undefined {
  for (let i = 0; i < rest.length; i++) {
    const word = rest[i]!
    if (word === '-m' || word === '-c') {
      const what = rest[i + 1]
      return what === undefined ? undefined : { kind: word === '-m' ? 'module' : 'code', what }
    }
    if (WITH_VALUE.has(word)) i += 1
    else if (!word.startsWith('-')) return { kind: 'script', what: word }
  }
  return undefined
}

/** @returns the version of an interpreter that starts. @throws with what it said where it does not. */
export async function startInterpreter({ interpreter, cwd, env }: PythonPlace): Promise<string> {
  const { execa } = await import('execa')
  const program = 'import platform; print(platform.python_version())'
  const { stdout } = await execa(interpreter, ['-c', program], options(cwd, env))
  return stdout.trim().split('\n').at(-1) ?? ''
}

/** Imports of a script, and of the modules of the workspace that it imports, that this interpreter cannot find. */
export async function findImports(
  { interpreter, cwd, env }: PythonPlace,
  workspace: string,
  { kind, what }: PythonEntry,
): Promise<ImportsFound> {
  const { execa } = await import('execa')
  const program = join(packageRoot(), 'python', 'sdk', 'specweave', 'imports.py')
  const named = kind === 'script' && !isAbsolute(what) ? join(cwd, what) : what
  const { stdout } = await execa(interpreter, [program, workspace, `--${kind}`, named], options(cwd, env))
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as ImportsFound
}

function options(cwd: string, env: Record<string, string>) {
  return { cwd, env, extendEnv: false, timeout: LONGEST_MS, stdin: 'ignore' as const }
}
