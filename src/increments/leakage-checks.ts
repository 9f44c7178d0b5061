import type { Check } from '../core/criterion.ts'
import type { EvaluatorControls, LeakageSearch } from '../core/dataset-record.ts'
import type { GateFacts } from './gate-facts.ts'

/** What registration found in the increment's data. */
export interface DataSearch {
  dataset: string
  leakage?: LeakageSearch
  controls?: EvaluatorControls
  /** dataset.json says something else than the ledger holds. */
  changed: boolean
}

/** Whether the data lets a model cheat, and whether the evaluator would notice a useless one. */
export function dataChecks({ search, problemType }: GateFacts): Check[] {
  return search ? [leakageCheck(search, problemType), evaluatorCheck(search)] : []
}

function leakageCheck({ dataset, leakage, changed }: DataSearch, problemType: string): Check {
  const id = 'data.leakage'
  const evidence = pathOf(dataset)
  const again = {
    tool: 'register_dataset',
    arguments: {
      name: dataset.split('@')[0],
      source: 'data.csv',
      target: 'target',
      problem_type: problemType,
    },
    why: 'registers the mended source as the next version; put in its path and target column',
  }
  if (changed)
    return {
      id,
      status: 'fail',
      message: `${evidence} says of leakage or of the evaluator's controls something else than the ledger holds from the registration of ${dataset}. Bring it back from Git.`,
      evidence,
      next: { person: `git checkout -- '${evidence}'`, why: 'dataset.json is committed, so Git has it' },
    }
  if (!leakage)
    return {
      id,
      status: 'pass',
      message: `not done, not blocking: ${dataset} was registered before data was searched for leakage. Registered under a new name it is.`,
      evidence,
    }
  const certain = leakage.findings.filter((finding) => finding.certain)
  if (certain.length > 0)
    return {
      id,
      status: 'fail',
      message: shown(certain.map(({ message }) => message)),
      evidence,
      next: again,
    }
  const searched = leakage.searched.join('; ')
  const named = leakage.findings.map(({ message }) => message)
  return {
    id,
    status: 'pass',
    message:
      named.length > 0
        ? `warning, not blocking: ${shown(named)} Searched: ${searched}.`
        : `${dataset} was searched and nothing was found: ${searched}.`,
    evidence,
  }
}

function evaluatorCheck({ dataset, controls }: DataSearch): Check {
  const id = 'evaluator.controls'
  const evidence = pathOf(dataset)
  if (!controls || (controls.passed.length === 0 && controls.failed.length === 0))
    return {
      id,
      status: 'pass',
      message: `not done, not blocking: ${
        controls
          ? controls.not_asked.map(({ split, why }) => `${split} has ${why}`).join('; ')
          : `${dataset} was registered before the evaluator was tried on its labels`
      }.`,
      evidence,
    }
  const { failed, evaluator, passed } = controls
  if (failed.length > 0)
    return {
      id,
      status: 'fail',
      message: `Lab ${evaluator} does not tell the truth from shuffled answers on ${dataset}: ${failed.map(({ metric, split }) => `${metric} on ${split}`).join(', ')}. What these metrics say is worth nothing there.`,
      evidence,
    }
  return {
    id,
    status: 'pass',
    message: `Lab ${evaluator} tells the truth from shuffled answers on ${dataset} by ${passed.join(', ')}.`,
    evidence,
  }
}

const MOST = 3

function shown(messages: readonly string[]): string {
  const more = messages.length - MOST
  return `${messages.slice(0, MOST).join(' ')}${more > 0 ? ` (and ${more} more in dataset.json)` : ''}`
}

function pathOf(dataset: string): string {
  const [name, version] = dataset.split('@')
  return `.specweave/datasets/${name}/v${version}/dataset.json`
}
