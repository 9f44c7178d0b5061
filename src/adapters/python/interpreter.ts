import { accessSync, constants, existsSync } from 'node:fs'
import { delimiter, isAbsolute, join } from 'node:path'
import { Refusal } from '../../core/errors.ts'
import { findLab } from '../lab/environment.ts'

export interface Interpreter {
  /** Absolute path of the Python executable. */
  path: string
  /** Where the choice came from, in words that a message can use. */
  from: 'ml.yaml' | 'the active virtual environment' | '.venv' | 'PATH' | 'the lab'
}

/**
 * The Python that runs the user's scripts: `interpreter:` of ml.yaml, else the active virtual environment, else `.venv`
 * in the workspace, else `python3` on PATH. `lab` stands for the lab's own environment.
 */
export function projectInterpreter(root: string, configured: string | undefined): Interpreter {
  if (configured === 'lab') return labInterpreter()
  if (configured) {
    const path = configured.includes('/') ? resolveIn(root, configured) : findOnPath(configured)
    if (path && isExecutable(path)) return { path, from: 'ml.yaml' }
    throw new Refusal(
      'INTERPRETER_MISSING',
      `ml.yaml names the interpreter ${configured}, which cannot be run.`,
      {
        next: [
          { person: 'edit .specweave/ml.yaml', why: 'set interpreter to a Python that exists, or to lab' },
        ],
      },
    )
  }
  const active = process.env.VIRTUAL_ENV
  if (active && isExecutable(join(active, 'bin', 'python'))) {
    return { path: join(active, 'bin', 'python'), from: 'the active virtual environment' }
  }
  const local = join(root, '.venv', 'bin', 'python')
  if (isExecutable(local)) return { path: local, from: '.venv' }
  const found = findOnPath('python3') ?? findOnPath('python')
  if (found) return { path: found, from: 'PATH' }
  throw new Refusal(
    'INTERPRETER_MISSING',
    'No Python was found: no .venv, and neither python3 nor python on PATH.',
    {
      next: [{ person: 'install Python 3.11 or newer', why: 'training scripts and the lab need it' }],
    },
  )
}

/** The Python of the lab's own environment. */
export function labInterpreter(): Interpreter {
  const lab = findLab()
  if (lab) return { path: lab.python, from: 'the lab' }
  throw new Refusal(
    'LAB_UNAVAILABLE',
    "The lab's own Python environment has not been set up on this machine.",
    {
      next: [{ person: 'specweave-ml setup', why: 'makes it; a few minutes, once' }],
    },
  )
}

export function findOnPath(name: string, path = process.env.PATH ?? ''): string | undefined {
  return path
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, name))
    .find(isExecutable)
}

function resolveIn(root: string, path: string): string {
  return isAbsolute(path) ? path : join(root, path)
}

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return existsSync(path)
  } catch {
    return false
  }
}
