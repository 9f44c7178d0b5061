import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { asRefusal, readText } from '../adapters/files.ts'
import { sdkPackage } from '../adapters/lab/environment.ts'
import type { DatasetRecord } from '../core/dataset-record.ts'
import { Refusal } from '../core/errors.ts'
import type { EvaluatedRun, EvaluationOptions } from './scoring.ts'

/** A `model` event: how the saved model was written, and what predicts with it. */
export interface SavedModel {
  /** Relative to the run's folder. */
  n: string
  format: string
  predict?: string | null
}

/** The model that a run saved last; `undefined` where it saved none. */
export function savedModel(runFolder: string): SavedModel | undefined {
  const folder = join(runFolder, 'events')
  let found: (SavedModel & { t?: number }) | undefined
  for (const name of eventFiles(folder)) {
    for (const line of (readText(join(folder, name)) ?? '').split('\n')) {
      if (!line.includes('"model"')) continue
      const event = parse(line)
      if (event?.k === 'model' && typeof event.n === 'string' && (event.t ?? 0) >= (found?.t ?? 0))
        found = event
    }
  }
  return found
}

export interface PredictionOptions extends EvaluationOptions {
  /** Interpreter of the run, an absolute path: it has the packages that the model needs. */
  interpreter: string
  /** The split's file without its target. */
  features: string
  record: DatasetRecord
}

const TIMEOUT_S = 900
const KEPT_STDERR = 4000

/**
 * Makes `predictions/test.csv` from the saved model, in a clean process of the run's interpreter:
 * `python -m specweave.predict --run-dir DIR --features FILE --out FILE`.
 * @returns the path of the file.
 * @throws Refusal PREDICTIONS_MISSING with the end of what the process said.
 */
export async function predictTest(run: EvaluatedRun, options: PredictionOptions): Promise<string> {
  const scratch = mkdtempSync(join(tmpdir(), 'specweave-predict-'))
  const path = join(run.folder, 'predictions', 'test.csv')
  const made = join(run.folder, 'predictions', `.test-${process.pid}.csv`)
  try {
    makeFolder(join(run.folder, 'predictions'))
    const args = ['--run-dir', run.folder, '--features', options.features, '--out', made]
    await predict(run, args, scratch, options)
    renameSync(made, path)
    return path
  } finally {
    rmSync(made, { force: true })
    rmSync(scratch, { recursive: true, force: true })
  }
}

function predict(run: EvaluatedRun, args: string[], cwd: string, options: PredictionOptions): Promise<void> {
  const child = spawn(options.interpreter, ['-m', 'specweave.predict', ...args], {
    cwd,
    env: cleanEnvironment(options.record),
    stdio: ['ignore', 'ignore', 'pipe'],
    signal: options.signal,
    killSignal: 'SIGKILL',
    timeout: (options.timeoutS ?? TIMEOUT_S) * 1000,
  })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-KEPT_STDERR)
  })
  return new Promise((resolve, reject) => {
    child.once('error', (cause) => {
      if (options.signal?.aborted) reject(options.signal.reason)
      else reject(failed(run, options.interpreter, `could not be started (${cause.message})`, ''))
    })
    child.once('close', (code, signal) => {
      if (options.signal?.aborted) reject(options.signal.reason)
      else if (code === 0) resolve()
      else reject(failed(run, options.interpreter, `ended with ${code ?? signal}`, stderr))
    })
  })
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

function failed(run: EvaluatedRun, interpreter: string, how: string, stderr: string): Refusal {
  const missing = /ModuleNotFoundError: No module named '([\w.]+)'/.exec(stderr)?.[1]
  const tail = stderr
    .trim()
    .split('\n')
    .slice(-6)
    .map((line) => `  ${line}`)
  const ways = missing
    ? [
        {
          person: `${interpreter} -m pip install ${missing.split('.')[0]}`,
          why: `${interpreter} lacks "${missing}", which the model needs`,
        },
        { person: 'interpreter: lab', why: "in .specweave/ml.yaml: runs scripts in the lab's environment" },
      ]
    : []
  return new Refusal(
    'PREDICTIONS_MISSING',
    [
      `${run.run} handed in no test predictions, and the process that was to make them from its saved model ${how}.`,
      ...tail,
    ].join('\n'),
    { missing: ['predictions/test.csv'], next: ways },
  )
}

function eventFiles(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => name.endsWith('.jsonl'))
  } catch {
    return []
  }
}

function parse(line: string): (SavedModel & { k?: string; t?: number }) | undefined {
  try {
    return JSON.parse(line) as SavedModel & { k?: string; t?: number }
  } catch {
    return undefined
  }
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true })
  } catch (cause) {
    throw asRefusal(cause, folder)
  }
}
