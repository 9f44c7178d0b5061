import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { measureControl, shuffleLabels } from '../../evidence/control.ts'
import { findDataset } from '../../evidence/datasets.ts'
import { leadingMetric } from '../../increments/criteria-set.ts'
import { readSpec, resolveIncrement } from '../../increments/load.ts'
import type { SplitFiles } from '../../runs/prepare.ts'
import { runFolder } from '../../store/layout.ts'
import type { Workspace } from '../../store/workspace.ts'

/** Where a control's split files lie in its run's folder, which Git does not hold. */
const FOLDER = 'shuffled'

/** Writes train and validation with shuffled labels into a control's folder; test has none. */
export async function controlSplits(
  workspace: Workspace,
  dataset: string,
  folder: string,
): Promise<SplitFiles> {
  const { splits } = findDataset(workspace, dataset)
  const out = join(folder, FOLDER)
  await shuffleLabels(workspace, dataset, out)
  return {
    train: join(out, splits.train.path),
    validation: join(out, splits.validation.path),
    test: join(workspace.layout.dataset(dataset), splits.test.path),
  }
}

/** Measures a control at its end, by the metric of the increment's first criterion. @returns its warnings. */
export async function measureControlRun(
  workspace: Workspace,
  run: string,
  folder: string,
  dataset: string,
  of: string,
): Promise<string[]> {
  rmSync(join(folder, FOLDER), { recursive: true, force: true })
  const increment = resolveIncrement(workspace, run.split('/')[0])
  const { problem_type } = findDataset(workspace, dataset)
  const { ml } = readSpec(increment).front
  const metric = leadingMetric(ml.success) ?? (problem_type === 'regression' ? 'rmse' : 'accuracy')
  const place = (id: string, at: string) => ({ run: id, increment: increment.id, folder: at, dataset })
  const original = runFolder(workspace.layout, increment.folder, of)
  return [await measureControl(workspace, place(run, folder), place(of, original), metric)]
}
