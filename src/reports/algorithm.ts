import type { RunSummary } from '../core/run-summary.ts'
import { oneLine } from './markdown-text.ts'

/** What a run's model is called, and where the name was read: records hold no field that must say it. */
export interface AlgorithmName {
  name: string
  from: 'params' | 'tags' | 'saved model' | 'experiment name' | 'command' | 'baseline' | 'unknown'
}

const KEYS = ['algorithm', 'algo', 'model', 'model_type', 'estimator', 'classifier', 'regressor']

/** Classes that hold a model and do not say which. */
const SAYS_NOTHING = new Set([
  'Pipeline',
  'str',
  'PosixPath',
  'WindowsPath',
  'dict',
  'list',
  'tuple',
  'function',
])

/** Words of experiment and script names that name an algorithm; the first that fits is taken. */
const KNOWN: readonly [RegExp, string][] = [
  [/xgb(oost)?/, 'XGBoost'],
  [/lightgbm|lgbm/, 'LightGBM'],
  [/catboost/, 'CatBoost'],
  [/hist-?gradient/, 'Histogram gradient boosting'],
  [/gradient-?boost(ing)?|boosting|gbm/, 'Gradient boosting'],
  [/extra-?trees/, 'Extra trees'],
  [/random-?forest|forest/, 'Random forest'],
  [/decision-?tree/, 'Decision tree'],
  [/logistic|logreg/, 'Logistic regression'],
  [/elastic-?net/, 'Elastic net'],
  [/ridge/, 'Ridge regression'],
  [/lasso/, 'Lasso'],
  [/linear/, 'Linear model'],
  [/svm|svc|svr/, 'Support vector machine'],
  [/knn|k-?nearest/, 'k-nearest neighbours'],
  [/naive-?bayes/, 'Naive Bayes'],
  [/lstm/, 'LSTM'],
  [/transformer/, 'Transformer'],
  [/mlp|neural-?net(work)?|nn(?=$|-)/, 'Neural network'],
  [/s?arima/, 'ARIMA'],
  [/prophet/, 'Prophet'],
  [/als(?=$|-)/, 'Alternating least squares'],
  [/svd|matrix-?factor/, 'Matrix factorisation'],
]

/**
 * In this order: the lab's own baseline strategy; a parameter or tag named `algorithm`, `model`, `estimator` or the
 * like; the class of the saved model, as the SDK named it; a known word in the experiment's name, then in the command; else unknown.
 */
export function algorithmOf(run: RunSummary): AlgorithmName {
  if (run.baseline) return { name: `baseline: ${run.baseline}`, from: 'baseline' }
  const param = named(run.params)
  if (param) return { name: param, from: 'params' }
  const { model_class: saved = '', ...tags } = run.tags
  const tag = named(tags)
  if (tag) return { name: tag, from: 'tags' }
  if (named({ model: saved }) && !SAYS_NOTHING.has(saved))
    return { name: oneLine(saved, 80), from: 'saved model' }
  const byName = known(run.name.replace(/^exp-\d+-/, ''))
  if (byName) return { name: byName, from: 'experiment name' }
  const byCommand = known(run.command.map((argument) => argument.split('/').at(-1) ?? '').join(' '))
  if (byCommand) return { name: byCommand, from: 'command' }
  return { name: 'not recorded', from: 'unknown' }
}

function named(values: Readonly<Record<string, unknown>>): string | undefined {
  for (const key of KEYS) {
    const value = values[key]
    if (
      typeof value === 'string' &&
      /[a-z]/i.test(value) &&
      !/[/\\]|\.(?:pkl|joblib|pt|onnx|json)$/.test(value)
    )
      return oneLine(value, 80)
  }
  return undefined
}

function known(text: string): string | undefined {
  const words = text.toLowerCase().replace(/[^a-z0-9]+/g, '-')
  return KNOWN.find(([pattern]) => new RegExp(`(?:^|-)(?:${pattern.source})(?:$|-)`).test(words))?.[1]
}
