import type { DatasetRecord } from '../core/dataset-record.ts'
import { type NextStep, Refusal } from '../core/errors.ts'
import { evaluatorFile } from './custom-evaluator.ts'

/** What makes a version's rows and sealed labels again, in words. */
export function sourceInWords(record: DatasetRecord): string {
  const { path, sha256 } = record.source
  return `Register the dataset again from its source (${path}, SHA-256 ${sha256.slice(0, 12)}...): the same data gives the same split and the same labels, and ${record.dataset} stays what it is.`
}

/** How a version was registered, as its record tells: the same arguments give the same hash. */
export function policyOf(record: DatasetRecord) {
  const { method, validation, test, seed } = record.split
  // A class that was not asked for is not part of the hash: the rarer one is chosen again.
  const chosen = record.warnings.some((warning) => warning.startsWith('The positive class is "'))
  return {
    name: record.name,
    target: record.target,
    ...optional('positive', chosen ? undefined : record.positive),
    problem_type: record.problem_type,
    split: {
      method,
      validation,
      test,
      seed,
      ...optional('time_column', record.time_column),
      ...optional('group_column', record.group_column),
      ...optional('gap', record.split.gap),
      ...optional('horizon', record.split.horizon),
    },
    ...optional('id_column', record.id_column),
  }
}

/** The call that makes them again. */
export function registerAgain(record: DatasetRecord): NextStep {
  const { name, ...policy } = policyOf(record)
  const { evaluator } = record
  const outside = !record.source.path.includes('/')
  return {
    tool: 'register_dataset',
    arguments: {
      name,
      source: record.source.path,
      ...policy,
      ...optional(
        'evaluator',
        // The frozen text, as the file that it was read from may be another by now.
        evaluator && { path: evaluatorFile(record), metrics: evaluator.metrics },
      ),
    },
    why: `makes the rows and the sealed labels again${outside ? '; give the full path where the source lies outside the workspace' : ''}`,
  }
}

/** For a split file that Git does not hold and that is not in this clone. */
export function rowsMissing(record: DatasetRecord, split: string): Refusal {
  return new Refusal(
    'DATASET_INVALID',
    `The ${split} rows of ${record.dataset} are not in this clone. ${sourceInWords(record)}`,
    { missing: [`${split} rows`], next: [registerAgain(record)] },
  )
}

function optional<T>(name: string, value: T | undefined): Record<string, T> {
  return value === undefined ? {} : { [name]: value }
}
