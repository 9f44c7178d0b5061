import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { asRefusal, readText } from '../adapters/files.ts'
import type { DatasetRecord } from '../core/dataset-record.ts'
import { Refusal } from '../core/errors.ts'
import type { Workspace } from '../store/workspace.ts'
import { closedPlaces, runModelProcess } from './model-process.ts'
import type { EvaluatedRun, EvaluationOptions } from './scoring.ts'

/** A `model` event: how the saved model was written, and what predicts with it. */
export interface SavedModel {
  /** Relative to the run's folder. */
  n: string
  format: string
  predict?: string | null
  /** The user's modules that it needs, by name: their copies, relative to the run's folder. */
  code?: Record<string, string>
  /** What stood in the way of a clean load when it was saved. */
  warnings?: { code: string; message: string }[]
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
  limit?: ModelLimit
}

/** How long a saved model may take. */
export interface ModelLimit {
  seconds: number
  /** It is given no longer: else the same may be tried where there is more time. */
  final: boolean
}

export const LONGEST: ModelLimit = { seconds: 900, final: true }

/** The model did not answer within a limit that was not final: longer may do. */
export class ModelTooSlow extends Error {
  override name = 'ModelTooSlow'
}

/**
 * Makes `predictions/test.csv` from the saved model, in a clean process of the run's interpreter:
 * `python -m specweave.predict --run-dir DIR --features FILE --out FILE`.
 * @returns the path of the file.
 * @throws Refusal PREDICTIONS_MISSING with the end of what the process said; {@link ModelTooSlow}.
 */
export async function predictTest(
  workspace: Workspace,
  run: EvaluatedRun,
  options: PredictionOptions,
): Promise<string> {
  const scratch = mkdtempSync(join(tmpdir(), 'specweave-predict-'))
  const path = join(run.folder, 'predictions', 'test.csv')
  const made = join(run.folder, 'predictions', `.test-${process.pid}.csv`)
  const out = join(scratch, 'test.csv')
  const limit = options.limit ?? LONGEST
  try {
    makeFolder(join(run.folder, 'predictions'))
    const closed = closedPlaces(workspace, options.record, run.folder)
    const end = await runModelProcess({
      interpreter: options.interpreter,
      args: ['--run-dir', run.folder, '--features', options.features, '--out', out, ...closed],
      cwd: scratch,
      record: options.record,
      timeoutS: limit.seconds,
      signal: options.signal,
    })
    if (end.timedOut && !limit.final) throw new ModelTooSlow(`the saved model ${end.how}`)
    if (!end.ok) throw failed(run, options.interpreter, end.how, end.stderr)
    // Through the folder itself: the scratch folder may be on another disk.
    copyFileSync(out, made)
    renameSync(made, path)
    return path
  } finally {
    rmSync(made, { force: true })
    rmSync(scratch, { recursive: true, force: true })
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
