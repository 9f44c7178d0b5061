import { createHash } from 'node:crypto'
import { join, relative } from 'node:path'
import { confine } from '../../adapters/files.ts'
import { Refusal } from '../../core/errors.ts'
import { parseRunId, slugify } from '../../core/ids.ts'
import { findDataset } from '../../evidence/datasets.ts'
import type { EvidenceSplit } from '../../evidence/evidence-file.ts'
import { reportMaterial } from '../../evidence/report-material.ts'
import type { EvaluatedRun } from '../../evidence/scoring.ts'
import { readSpec, resolveIncrement } from '../../increments/load.ts'
import { writeEvaluationReport } from '../../reports/evaluation-report.ts'
import { sampleIndexed } from '../../runs/curve-chunks.ts'
import type { Index } from '../../store/index-db.ts'
import type { Workspace } from '../../store/workspace.ts'
import type { ToolContext } from '../context.ts'

/** Of the 45 s that clients give to a call. */
const ANSWER_S = 40
const MOST_CURVES = 6
const CURVE_POINTS = 200

const TOO_LONG =
  'no report: drawing it took longer than this call may. The numbers are measured; ask again with fewer slices, when the machine is less busy'

/**
 * Makes `reports/evaluation-<run>-<split>.md` of what was measured just now, with figures beside it.
 * @param began when the call did, by `performance.now()`. What does not fit into it is given up: the numbers are recorded by then.
 * @returns its path relative to the workspace, and a note where there is none or where a person's edit was left as it is.
 */
export async function makeEvaluationReport(
  workspace: Workspace,
  index: Index,
  run: EvaluatedRun,
  split: EvidenceSplit,
  slices: readonly string[],
  context: ToolContext,
  began: number,
): Promise<{ report?: string; notes: string[] }> {
  const folder = join(workspace.layout.increments, resolveIncrement(workspace, run.increment).folder)
  const name = `evaluation-${reportName(run.run)}-${split}`
  const timeoutS = Math.max(ANSWER_S - (performance.now() - began) / 1000, 5)
  const asked = performance.now()
  const made = await reportMaterial(
    workspace,
    run,
    {
      split,
      slices,
      sliceMetric: sliceMetric(workspace, run.increment),
      curves: loggedCurves(index, run.run),
      figures: confine(folder, 'reports/figures'),
      prefix: name,
    },
    { signal: context.signal, progress: context.progress, timeoutS },
  ).catch((cause) => {
    if (
      cause instanceof Refusal &&
      cause.code === 'LAB_FAILED' &&
      performance.now() - asked >= timeoutS * 1000
    )
      return undefined
    throw cause
  })
  if (!made) return { notes: [TOO_LONG] }
  const { evidence, entry, train, material } = made
  const { path, outcome } = writeEvaluationReport(folder, name, {
    run: run.run,
    dataset: evidence.dataset,
    target: findDataset(workspace, run.dataset).target,
    split,
    entry,
    material,
    ...(train ? { train } : {}),
  })
  const report = relative(workspace.root, path)
  const notes =
    outcome === 'conflict'
      ? [
          `${report} was edited inside its managed block and is left as it is; remove the block to have it anew`,
        ]
      : []
  return { report, notes }
}

/**
 * @throws Refusal INPUT_INVALID before anything is measured: a slice of the sealed test set would be a look of its own.
 */
export function requireSliceable(run: string, split: string, slices: readonly string[] | undefined): void {
  if (!slices?.length || split === 'train' || split === 'validation') return
  throw new Refusal(
    'INPUT_INVALID',
    `Slices are made of train and validation alone: slices of ${split} would tell more than was asked for. Nothing was measured.`,
    {
      invalid: [{ field: 'slices', problem: `not with split "${split}"` }],
      next: [{ tool: 'evaluate_run', arguments: { run, split: 'validation', slices }, why: 'costs no look' }],
    },
  )
}

/** `exp-003-xgboost`, `exp-005-tune--t0017`: a file name that every file system takes. */
export function reportName(run: string): string {
  const { experiment = run, child } = parseRunId(run) ?? {}
  const whole = child ? `${experiment}--${child}` : experiment
  if (/^[a-z0-9][a-z0-9._-]{0,119}$/.test(whole)) return whole
  return `${slugify(whole)}-${createHash('sha256').update(whole).digest('hex').slice(0, 8)}`
}

/** What the increment asks for first; the lab takes its own where parts of rows cannot be measured by it. */
function sliceMetric(workspace: Workspace, increment: string): string | undefined {
  try {
    return readSpec(resolveIncrement(workspace, increment)).front.ml.success.find(({ split }) => split)
      ?.metric
  } catch {
    return undefined
  }
}

/** Curves of more than one point, those of losses and of validation first. */
function loggedCurves(index: Index, run: string): { name: string; points: [number, number][] }[] {
  const rank = (name: string) => (/loss/.test(name) ? 0 : /val|train/.test(name) ? 1 : 2)
  return index.driver
    .all('SELECT DISTINCT name FROM curves WHERE run = ? ORDER BY name LIMIT 40', [run])
    .map(({ name }) => String(name))
    .sort((a, b) => rank(a) - rank(b))
    .map((name) => {
      const { sample } = sampleIndexed(index, run, name, CURVE_POINTS)
      const points = sample.flatMap(([step, value]): [number, number][] =>
        typeof value === 'number' ? [[step, value]] : [],
      )
      return { name, points }
    })
    .filter(({ points }) => points.length > 1)
    .slice(0, MOST_CURVES)
}
