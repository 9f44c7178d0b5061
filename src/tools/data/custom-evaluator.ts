import type { DatasetRecord } from '../../core/dataset-record.ts'
import { type InvalidField, Refusal } from '../../core/errors.ts'
import { type Direction, metricDirection, metricInfo } from '../../core/metrics.ts'
import {
  type EvaluatorSource,
  evaluatorFile,
  evaluatorProblem,
  readEvaluatorSource,
} from '../../evidence/custom-evaluator.ts'
import { findDataset } from '../../evidence/datasets.ts'
import type { Ledger } from '../../evidence/ledger.ts'
import type { OwnEvaluatorFact } from '../../increments/custom-evaluator-checks.ts'
import { metricName, misspelled } from '../../increments/metric-names.ts'
import type { Workspace } from '../../store/workspace.ts'

/** As `register_dataset` takes it. */
export interface TypedEvaluator {
  path: string
  metrics: Record<string, Direction>
}

/**
 * Reads a user's evaluator, once its metrics have names that a criterion can say.
 * @throws Refusal INPUT_INVALID with every name that cannot be used; FILE_MISSING, PATH_OUTSIDE_WORKSPACE
 */
export function typedEvaluator(workspace: Workspace, typed: TypedEvaluator): EvaluatorSource {
  const invalid: InvalidField[] = Object.entries(typed.metrics).flatMap(([name, direction]) => {
    const problem = nameProblem(name, direction)
    return problem ? [{ field: `evaluator.metrics.${name}`, problem }] : []
  })
  if (Object.keys(typed.metrics).length === 0)
    invalid.push({ field: 'evaluator.metrics', problem: 'names none; such as {"profit": "maximize"}' })
  if (invalid.length > 0)
    throw new Refusal(
      'INPUT_INVALID',
      `The evaluator's metrics cannot be used: ${invalid.map(({ field, problem }) => `${field} ${problem}`).join('; ')}.`,
      { invalid },
    )
  return readEvaluatorSource(workspace, typed)
}

function nameProblem(name: string, direction: Direction): string | undefined {
  if (metricInfo(name)) return 'is a metric of the lab; give yours a name of its own'
  const said = metricName(name)?.name
  if (said !== name)
    return said
      ? `would be read as ${said} in a criterion`
      : 'is no name that a criterion can say: small letters, digits and "_", at most four words'
  const meant = misspelled(name)
  if (meant) return `is too near to ${meant}, a metric of the lab`
  const sounds = metricDirection(name)
  if (sounds && sounds !== direction)
    return `sounds as if it were to be ${sounds}d; give it a name that does not`
  return undefined
}

/** Of an increment's data, for the gates; nothing where it has no evaluator of its own. */
export function ownEvaluatorFact(
  workspace: Workspace,
  ledger: Ledger,
  record: DatasetRecord,
): { ownEvaluator?: OwnEvaluatorFact } {
  const problem = evaluatorProblem(workspace, ledger, record)
  if (!record.evaluator && !problem) return {}
  const { dataset } = record
  const metrics = record.evaluator?.metrics ?? {}
  return {
    ownEvaluator: { dataset, metrics, file: evaluatorFile(record), ...(problem ? { problem } : {}) },
  }
}

/** Which way is better, of a metric that the named data set's own evaluator measures. */
export function ownDirection(
  workspace: Workspace,
  dataset: string | null | undefined,
  metric: string,
): Direction | undefined {
  if (!dataset) return undefined
  try {
    const metrics = findDataset(workspace, dataset).evaluator?.metrics ?? {}
    return Object.hasOwn(metrics, metric) ? metrics[metric] : undefined
  } catch {
    // The data set is told of where it is used.
    return undefined
  }
}
