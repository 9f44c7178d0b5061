import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { findLab } from '../../adapters/lab/environment.ts'
import { labVersion } from '../../adapters/lab/process.ts'
import { Refusal } from '../../core/errors.ts'
import { evaluateSplits } from '../../evidence/evaluation.ts'
import { noticeLabCode } from '../../evidence/lab-tamper.ts'
import { savedModel } from '../../evidence/prediction.ts'
import { tooGoodOnValidation } from '../../increments/too-good.ts'
import { readFacts } from '../../runs/facts.ts'
import type { Workspace } from '../../store/workspace.ts'
import { askedMetrics } from './asked-metrics.ts'

/** What the lab made of a run's predictions at its end. */
export interface OpenScores {
  warnings: string[]
  labUsed: boolean
}

/**
 * Scores what a run handed in, and says of the model that it saved what stands in the way of a clean load: after a look at
 * the sealed test set it would be too late.
 */
export async function scoreOpenSplits(
  workspace: Workspace,
  run: string,
  folder: string,
  dataset: string,
): Promise<OpenScores> {
  const { warnings, labUsed } = await scored(workspace, run, folder, dataset)
  const ofModel = (savedModel(folder)?.warnings ?? []).map(({ code, message }) => `${code}: ${message}`)
  return { warnings: [...warnings, ...ofModel], labUsed }
}

/**
 * Scores what a run handed in for train, validation and folds. Its test predictions stay unscored until `evaluate_run` asks.
 * One that handed in nothing is told which lines it lacks.
 */
async function scored(
  workspace: Workspace,
  run: string,
  folder: string,
  dataset: string,
): Promise<OpenScores> {
  const handedIn = predictionFiles(folder)
  // What a script lacks that ended in the middle is said by its log.
  if (handedIn.length === 0)
    return { warnings: readFacts(folder)?.exit?.exit_code ? [] : [NOTHING_HANDED_IN], labUsed: false }
  if (!handedIn.some((file) => OPEN.has(file))) return { warnings: [], labUsed: false }
  if (!findLab()) {
    return {
      warnings: [
        'not measured yet: the lab is not set up (`specweave-ml setup`); evaluate_run measures it then',
      ],
      labUsed: false,
    }
  }
  try {
    await labVersion()
  } catch (cause) {
    if (cause instanceof Refusal && cause.code === 'LAB_CHANGED') {
      await noticeLabCode(workspace)
      return { warnings: [`not measured: ${cause.message}`], labUsed: false }
    }
    throw cause
  }
  const increment = run.split('/')[0] ?? ''
  const { metrics, warnings } = await evaluateSplits(
    workspace,
    { run, increment, folder, dataset },
    undefined,
    {
      also: askedMetrics(workspace, increment),
    },
  )
  return { warnings: [...warnings, ...tooGoodOnValidation({ run, metrics })], labUsed: true }
}

const OPEN = new Set(['train.csv', 'validation.csv', 'folds.csv'])

function predictionFiles(folder: string): string[] {
  const predictions = join(folder, 'predictions')
  return existsSync(predictions) ? readdirSync(predictions).filter((name) => name.endsWith('.csv')) : []
}

const NOTHING_HANDED_IN = [
  'no predictions were handed in, so nothing can be measured. With the SDK:',
  '    import specweave',
  '    ds = specweave.load_dataset()',
  '    with specweave.track_experiment("...") as exp:',
  '        exp.save_predictions("validation", model.predict(ds.validation.features))',
  '        exp.save_predictions("test", model.predict(ds.test.features))',
  'Without it: write {run_dir}/predictions/validation.csv and test.csv with the columns row_id,prediction',
].join('\n')
