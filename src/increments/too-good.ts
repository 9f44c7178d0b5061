import { findMeasured } from '../core/measurement.ts'
import { metricInfo } from '../core/metrics.ts'
import type { RunSummary } from '../core/run-summary.ts'

/** Of these one that says nothing of the rows is far from 1, whatever share of them one class has. */
const FAR_BY_CHANCE = ['roc_auc', 'balanced_accuracy', 'mcc', 'r2'] as const
/** So much is lacking where hardly a row is wrong. */
const NEARLY = 0.002
/** A perfect value of these needs no good model. */
const CHEAP = /^(?:coverage(?:@\d+)?|ece)$/

/** Metrics of which a run has the best value that there is on a split, and that mean something by that. */
export function perfectOn(
  { metrics }: Pick<RunSummary, 'metrics'>,
  matches: (metric: RunSummary['metrics'][number]) => boolean,
): string[] {
  return metrics
    .filter((metric) => {
      const info = metricInfo(metric.name)
      return matches(metric) && info !== undefined && metric.value === (info.direction === 'maximize' ? 1 : 0)
    })
    .map(({ name }) => name)
    .filter((name) => !CHEAP.test(name))
}

/**
 * What makes a number on validation worth no more than one on train: nothing real is predicted without an error, and rows
 * that a model has not seen are no easier to it than those that it learned, which it nearly has by heart. An honest model
 * of an easy problem looks the same, so that it is a warning.
 */
export function tooGoodOnValidation(run: Pick<RunSummary, 'run' | 'metrics'>): string[] {
  const perfect = perfectOn(run, ({ source, split }) => source === 'measured' && split === 'validation')
  if (perfect.length > 0)
    return [`${run.run} is perfect on validation (${perfect.join(', ')}): was it trained on it? ${OTHERWISE}`]
  const nearly = FAR_BY_CHANCE.filter((name) => {
    const train = findMeasured(run.metrics, name, 'train')
    const validation = findMeasured(run.metrics, name, 'validation')
    return train && validation && 1 - validation.value <= NEARLY && !isBelow(validation, train.value)
  })
  if (nearly.length === 0) return []
  return [
    `${run.run} is nearly perfect on validation (${nearly.join(', ')}), and no worse there than on train: was it trained on it? ${OTHERWISE}`,
  ]
}

const OTHERWISE = 'If not, look for a feature that holds the answer.'

/** Beyond chance: the interval leaves the other value out. */
function isBelow({ value, ci }: { value: number; ci?: readonly number[] }, other: number): boolean {
  return (ci?.[1] ?? value) < other
}
