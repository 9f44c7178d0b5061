import type { Check } from '../core/criterion.ts'
import type { NextStep } from '../core/errors.ts'
import type { Reproduction, ReproductionDifference } from '../core/test-reproduction.ts'
import type { GateFacts } from './gate-facts.ts'
import { show } from './lift.ts'
import { waitFor } from './under-way.ts'

const ID = 'candidate.reproduced'

/**
 * Whether the saved model says again what was looked at. Without it a verdict would be about a file of predictions, and
 * the model that goes into service another one. Nothing is asked of a candidate that was not looked at yet.
 */
export function reproductionChecks({
  candidate,
  reproduction,
  modelProblem,
  increment,
  jobs,
}: GateFacts): Check[] {
  if (!candidate || !reproduction) return []
  const { run } = candidate
  const { due, found, changed } = reproduction
  const again: NextStep = {
    tool: 'evaluate_run',
    arguments: { run, split: 'test' },
    why: 'has the saved model predict again and compares; the same predictions are no new look',
  }
  if (!found && jobs?.test) {
    const message = `${jobs.test} is at it: it asks the saved model of ${run} whether it makes the test predictions.`
    return [{ id: ID, status: 'missing', message, evidence: run, next: waitFor([jobs.test]) }]
  }
  if (!found) {
    if (due)
      return [{ id: ID, status: 'missing', message: `${NOT_YET} for ${run}.`, evidence: run, next: again }]
    const message = `not done, not blocking: ${run} was looked at by a version that did not ask whether its saved model makes these predictions. evaluate_run with split test asks it now; the same predictions are no new look.`
    return [{ id: ID, status: 'pass', message, evidence: run, next: again }]
  }
  const rerun: NextStep = {
    tool: 'run_experiment',
    arguments: { increment, name: candidate.name, command: candidate.command },
    why: 'runs it again once the script is changed',
  }
  if (modelProblem || changed) {
    const what = modelProblem ?? `${changed} of ${run} is another than the one that was asked.`
    const message = `Not shown for the model that lies there now: ${what} Bring back the one that made the predictions, or run the experiment again.`
    return [{ id: ID, status: 'fail', message, evidence: run, next: modelProblem ? rerun : again }]
  }
  if (found.status === 'reproduced')
    return [{ id: ID, status: 'pass', message: reproduced(run, found), evidence: run }]
  if (found.status === 'differs')
    return [{ id: ID, status: 'fail', message: differs(run, found), evidence: run, next: rerun }]
  const file = candidate.artifacts.find(({ kind }) => kind === 'model')?.path
  const message = notPossible(run, found, file)
  const next = found.model !== null && MAY_PASS.test(found.reason ?? '') ? again : rerun
  return [{ id: ID, status: 'missing', message, evidence: run, next }]
}

/** Asked again, the same model says the same, unless what it lacked was a package, or time. */
const MAY_PASS = /No module named|took longer|could not be started/

const NOT_YET = 'The saved model was not yet asked whether it makes the test predictions'

function reproduced(run: string, found: Reproduction): string {
  const clean = 'loaded in a clean process'
  if (found.made_by_lab)
    return `The lab made the test predictions of ${run} from its saved model, ${clean}${found.what ? ', which does not answer the same twice: seed it' : ''}.`
  const close =
    found.largest_difference !== null && found.tolerance !== null
      ? `; largest difference ${show(found.largest_difference)}, allowed ${show(found.tolerance)}`
      : ''
  return `The saved model ${found.model}, ${clean}, makes all ${found.rows} test predictions of ${run} from the features${close}.${found.threshold === undefined ? '' : ` The scores were compared: the labels are those of the recorded threshold, ${found.threshold}.`}`
}

function differs(run: string, found: Reproduction): string {
  const examples = found.examples.length > 0 ? `: ${found.examples.join('; ')}` : ''
  const allowed =
    found.largest_difference !== null && found.tolerance !== null && found.what !== 'threshold'
      ? ` The largest difference is ${show(found.largest_difference)}, allowed is ${show(found.tolerance)}.`
      : ''
  const many = `${found.rows_differ} of ${found.rows}`
  return `${WHAT[found.what ?? 'labels'](run, many, examples)}${allowed} ${ADVICE[found.what ?? 'labels']}`
}

const OTHER_MODEL =
  'Hand in what the model says that you save, or save the model that made the predictions (with what stands between it and them: save_model(model, predict="train.py:predict")), and run the experiment again.'

const WHAT: Record<ReproductionDifference, (run: string, many: string, examples: string) => string> = {
  labels: (run, many, examples) =>
    `The saved model does not make the test predictions of ${run}: ${many} rows differ${examples}.`,
  threshold: (run, many, examples) =>
    `${run} hands in the scores of its saved model, but not its labels: ${many} rows differ${examples}. That is what a threshold does which the script applies and the model does not know.`,
  scores: (run, many, examples) =>
    `The labels of ${run} are those of its saved model, the scores are not: ${many} rows differ${examples}.`,
  no_scores: (run) =>
    `The labels of ${run} are those of its saved model; the scores that it handed in nobody can check, because the model gives none.`,
  metrics: (run, _many, examples) =>
    `The scores of ${run} are not quite those of its saved model${examples}.`,
  numbers: (run, many, examples) =>
    `The saved model does not make the test predictions of ${run}: ${many} rows differ${examples}.`,
  lists: (run, many, examples) =>
    `The saved model does not make the recommendations of ${run}: ${many} users differ${examples}.`,
  order: (run, many, examples) =>
    `What the saved model of ${run} says of a row depends on the rows around it: with the same rows in another order, ${many} differ${examples}.`,
}

const SAVE_THRESHOLD =
  'Save what applies the threshold: scikit-learn\'s FixedThresholdClassifier or TunedThresholdClassifierCV around the model, or save_model(model, predict="train.py:predict") with a function that returns (labels, scores).'
const RETURN_SCORES =
  'Save what makes the scores (a calibrated model, or save_model(model, predict="train.py:predict") with a function that returns (labels, scores)), or hand in no scores.'

const ADVICE: Record<ReproductionDifference, string> = {
  labels: OTHER_MODEL,
  threshold: SAVE_THRESHOLD,
  scores: RETURN_SCORES,
  no_scores: RETURN_SCORES,
  metrics: 'Hand in the scores as the model gives them, not rounded or moved.',
  numbers: OTHER_MODEL,
  lists: OTHER_MODEL,
  order: 'Save a model whose answer follows from the row alone.',
}

/** @param file a model file of which the run's events say no more than that it is one. */
function notPossible(run: string, { model, reason }: Reproduction, file?: string): string {
  if (model === null && file)
    return `${run} saved ${file}, and nothing says how it predicts. Use save_model(model), or write the line {"k":"model","n":${JSON.stringify(file)},"format":"joblib","t":0} into its events file (docs/guides/existing-scripts.md), and run it again.`
  if (model === null)
    return `${run} saved no model, so nothing can make its test predictions again. Call save_model(model) in its script and run it again.`
  return `model_not_reproducible: the test predictions of ${run} could not be made again from ${model} in a clean process: ${reason ?? 'no reason was recorded'}`
}

/** What evaluate_run says at once, where it is no pass. */
export function reproductionWarnings(run: string, found: Reproduction): string[] {
  if (found.status === 'differs') return [differs(run, found)]
  return found.status === 'not_possible' ? [notPossible(run, found)] : []
}
