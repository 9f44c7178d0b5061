import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { sdkPackage } from '../adapters/lab/environment.ts'
import type { DatasetRecord } from '../core/dataset-record.ts'
import type { Workspace } from '../store/workspace.ts'
import { labelsFile } from './vault.ts'

/** What a process that had to predict with a saved model came to. */
export interface ModelProcessEnd {
  ok: boolean
  /** How it ended, where it did not predict: `ended with 1`. */
  how: string
  timedOut: boolean
  /** The end of what it said. */
  stderr: string
}

export interface ModelProcess {
  /** Interpreter of the run, an absolute path: it has the packages that the model needs. */
  interpreter: string
  /** Of the SDK, such as `specweave.predict`. */
  module?: string
  args: readonly string[]
  /** Set for it beside what every such process gets. */
  env?: NodeJS.ProcessEnv
  /** An empty folder. */
  cwd: string
  record: DatasetRecord
  timeoutS: number
  signal?: AbortSignal
}

const KEPT_STDERR = 4000

/** `python -m specweave.predict ...` with nothing of the run's own environment. Rejects only where the caller gave up. */
export function runModelProcess(process: ModelProcess): Promise<ModelProcessEnd> {
  const { interpreter, module = 'specweave.predict', args, env, cwd, record, timeoutS } = process
  const aborted = process.signal
  const child = spawn(interpreter, ['-m', module, ...args], {
    cwd,
    env: { ...cleanEnvironment(record), ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
    signal: aborted,
    killSignal: 'SIGKILL',
  })
  let timedOut = false
  const limit = setTimeout(() => {
    timedOut = true
    child.kill('SIGKILL')
  }, timeoutS * 1000)
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-KEPT_STDERR)
  })
  return new Promise<ModelProcessEnd>((resolve, reject) => {
    child.once('error', (cause) => {
      if (aborted?.aborted) reject(aborted.reason)
      else resolve({ ok: false, how: `could not be started (${cause.message})`, timedOut, stderr: '' })
    })
    child.once('close', (code, signal) => {
      if (aborted?.aborted) reject(aborted.reason)
      else if (timedOut) resolve({ ok: false, how: `took longer than ${timeoutS} s`, timedOut, stderr })
      else resolve({ ok: code === 0, how: `ended with ${code ?? signal}`, timedOut, stderr })
    })
  }).finally(() => clearTimeout(limit))
}

/** Nothing of the run's own environment: what the model needs beside its files must have been saved with it. */
function cleanEnvironment(record: DatasetRecord): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(?:SPECWEAVE_|PYTHON|VIRTUAL_ENV$)/.test(name),
  )
  return {
    ...Object.fromEntries(kept),
    PYTHONPATH: sdkPackage(),
    PYTHONSAFEPATH: '1',
    PYTHONHASHSEED: '0',
    PYTHONDONTWRITEBYTECODE: '1',
    SPECWEAVE_DATASET: record.dataset,
  }
}

/** Arguments that keep closed to a model what holds its answers: the labels, their source, and what runs handed in. */
export function closedPlaces(workspace: Workspace, record: DatasetRecord, runFolder: string): string[] {
  const experiments = dirname(runFolder)
  const runs = readdirSync(experiments, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(experiments, name, 'predictions'))
  return [
    dirname(labelsFile(record.hash)),
    join(workspace.root, record.source.path),
    join(runFolder, 'predictions'),
    ...runs,
  ].flatMap((place) => ['--closed', place])
}
