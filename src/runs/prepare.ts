import { basename, delimiter, dirname, join, resolve } from 'node:path'
import { makeFolder, replaceFile } from '../adapters/files.ts'
import { findLab } from '../adapters/lab/environment.ts'
import { packageRoot } from '../adapters/package-root.ts'
import { type Interpreter, projectInterpreter } from '../adapters/python/interpreter.ts'
import type { Workspace } from '../store/workspace.ts'
import { privateParamsFile, readPrivate } from './private-request.ts'
import type { Claim, RunRecord } from './record.ts'
import { codeRoot, inCodeRoot } from './reproduction-place.ts'

/** Everything that the wrapper needs to start a run's command. */
export interface Prepared {
  command: string[]
  cwd: string
  env: Record<string, string>
  interpreter: Interpreter | undefined
}

export interface SplitFiles {
  train: string
  validation: string
  test: string
}

/**
 * The real command of a run: the interpreter in place of `python`, known `{names}` replaced, the environment that
 * contracts.md lists. Other braces stay as they are.
 * @param splits absolute paths of the split files, where the run has a dataset.
 * @param runDir the folder that the command is to take for its run's: another one in a smoke run.
 */
export function prepareRun(
  workspace: Workspace,
  folder: string,
  record: RunRecord,
  claim: Pick<Claim, 'gpus'>,
  splits: SplitFiles | undefined,
  runDir = folder,
): Prepared {
  const secret = record.masked ? readPrivate(folder) : undefined
  const asked = (secret?.command ?? record.command).map((text) => inCodeRoot(workspace.layout, record, text))
  const params = secret?.params ?? record.params
  const interpreter = chooseInterpreter(workspace, record, asked[0])
  const paramsFile = secret ? privateParamsFile(folder) : join(folder, 'asked.params.json')
  replaceFile(paramsFile, `${JSON.stringify(params, undefined, 2)}\n`, secret && { mode: 0o600 })
  const known: Record<string, string> = {
    ...Object.fromEntries(Object.entries(params).map(([name, value]) => [name, asText(value)])),
    run_dir: runDir,
    seed: record.seed === null ? '' : String(record.seed),
    params_file: paramsFile,
    ...splits,
  }
  const command = asked.map((argument) => substitute(argument, known))
  if (interpreter && (asked[0] === 'python' || asked[0] === 'python3')) command[0] = interpreter.path
  return {
    command,
    cwd: resolve(codeRoot(workspace.layout, record), record.cwd),
    env: {
      ...inherited(interpreter),
      ...(secret?.env ?? record.env),
      ...ours(workspace, folder, record, claim, splits, paramsFile),
      SPECWEAVE_RUN_DIR: runDir,
    },
    interpreter,
  }
}

/** Replaces `{name}` where the name is known; every other brace is left alone. */
export function substitute(argument: string, known: Readonly<Record<string, string>>): string {
  return argument.replace(/\{([A-Za-z_][\w.-]*)\}/g, (whole, name: string) =>
    Object.hasOwn(known, name) ? known[name]! : whole,
  )
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function chooseInterpreter(
  workspace: Workspace,
  record: RunRecord,
  program: string | undefined,
): Interpreter | undefined {
  const configured = record.interpreter ?? workspace.config.interpreter
  try {
    return projectInterpreter(workspace.root, configured)
  } catch (cause) {
    if (program === 'python' || program === 'python3') throw cause
    return undefined
  }
}

function inherited(interpreter: Interpreter | undefined): Record<string, string> {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(
      ([name, value]) =>
        // Of a run that this process may itself be a part of.
        value !== undefined && !name.startsWith('SPECWEAVE_RUN') && name !== 'SPECWEAVE_SMOKE',
    ),
  ) as Record<string, string>
  if (interpreter) env.PATH = [dirname(interpreter.path), env.PATH].filter(Boolean).join(delimiter)
  if (interpreter && basename(dirname(interpreter.path)) === 'bin' && interpreter.from !== 'PATH')
    env.VIRTUAL_ENV = dirname(dirname(interpreter.path))
  return env
}

function ours(
  workspace: Workspace,
  folder: string,
  record: RunRecord,
  claim: Pick<Claim, 'gpus'>,
  splits: SplitFiles | undefined,
  paramsFile: string,
): Record<string, string> {
  const sdk = join(packageRoot(), 'python', 'sdk')
  const lab = record.baseline ? [join(packageRoot(), 'python', 'lab')] : []
  const pythonPath = record.env.PYTHONPATH ?? process.env.PYTHONPATH ?? ''
  const env: Record<string, string> = {
    SPECWEAVE_RUN: record.run,
    SPECWEAVE_WORKSPACE: workspace.root,
    SPECWEAVE_INCREMENT: record.run.split('/')[0] ?? '',
    SPECWEAVE_PARAMS: paramsFile,
    PYTHONPATH: [sdk, ...lab, inCodeRoot(workspace.layout, record, pythonPath)]
      .filter(Boolean)
      .join(delimiter),
    PYTHONHASHSEED: record.env.PYTHONHASHSEED ?? String(record.seed ?? 0),
    PYTHONUNBUFFERED: '1',
  }
  // Numeric libraries start a thread for every core of the machine; a run has the cores that it asked for.
  if (process.env.OMP_NUM_THREADS === undefined && record.env.OMP_NUM_THREADS === undefined) {
    env.OMP_NUM_THREADS = String(Math.max(1, Math.floor(record.resources.cpus)))
  }
  const labPython = findLab()?.python
  if (labPython) env.SPECWEAVE_LAB_PYTHON = labPython
  if (record.seed !== null) env.SPECWEAVE_SEED = String(record.seed)
  if (record.dataset) env.SPECWEAVE_DATASET = record.dataset
  if (splits) {
    env.SPECWEAVE_TRAIN = splits.train
    env.SPECWEAVE_VALIDATION = splits.validation
    env.SPECWEAVE_TEST = splits.test
  }
  if (record.previous)
    env.SPECWEAVE_PREVIOUS_RUN_DIR = join(dirname(folder), record.previous.split('/').at(-1)!)
  // A GPU is given whole; without one a run sees none, unless the machine has none to give.
  if (claim.gpus.length > 0) env.CUDA_VISIBLE_DEVICES = claim.gpus.join(',')
  else if (record.resources.gpus === 0 && process.env.CUDA_VISIBLE_DEVICES === undefined)
    env.CUDA_VISIBLE_DEVICES = ''
  makeFolder(join(folder, 'events'))
  return env
}
