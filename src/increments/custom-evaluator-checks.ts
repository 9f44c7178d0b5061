import type { BaselineRule, Check, Criterion } from '../core/criterion.ts'
import type { Direction } from '../core/metrics.ts'
import { directionOf } from './criteria-set.ts'

/** The evaluator of the user's own that the increment's data was registered with. */
export interface OwnEvaluatorFact {
  dataset: string
  metrics: Readonly<Record<string, Direction>>
  /** Relative to the workspace. */
  file: string
  /** What is wrong with its frozen text or with what dataset.json says of it. */
  problem?: string
}

interface Asked {
  ownEvaluator?: OwnEvaluatorFact
  criteria: readonly Criterion[]
  baselineRule: BaselineRule | null
}

/** Whether the user's evaluator is the one that was admitted, and criteria read its metrics the right way round. */
export function ownEvaluatorChecks({ ownEvaluator, criteria, baselineRule }: Asked): Check[] {
  if (!ownEvaluator) return []
  const { dataset, metrics, file, problem } = ownEvaluator
  const check = { id: 'evaluator.own', evidence: file }
  if (problem)
    return [
      {
        ...check,
        status: 'fail',
        message: `${problem}. Bring it back from Git.`,
        next: { person: `git checkout -- '${file}'`, why: 'its text is committed, so Git has it' },
      },
    ]
  const turned = misread(metrics, criteria, baselineRule)
  if (turned.length > 0)
    return [{ ...check, status: 'fail', message: `${turned.join('. ')}. Change spec.md.` }]
  const listed = Object.entries(metrics).map(([name, direction]) => `${name} (${direction})`)
  return [
    {
      ...check,
      status: 'pass',
      message: `${listed.join(', ')}: measured by evaluator.py of ${dataset}, which preferred the truth to shuffled answers when it was registered and has not been changed since. What it computes is for a person to review.`,
    },
  ]
}

/** Criteria that would pass the worse model, and a rule whose direction no criterion tells right. */
function misread(
  metrics: OwnEvaluatorFact['metrics'],
  criteria: readonly Criterion[],
  rule: BaselineRule | null,
): string[] {
  const wrong = criteria.flatMap(({ metric, op, value }) => {
    const direction = Object.hasOwn(metrics, metric) ? metrics[metric] : undefined
    return direction && op.startsWith('>') !== (direction === 'maximize')
      ? [
          `${metric} was registered to be ${direction}d, so "${metric} ${op} ${value}" would pass the worse model`,
        ]
      : []
  })
  const ofRule = rule && Object.hasOwn(metrics, rule.metric) ? metrics[rule.metric] : undefined
  if (wrong.length === 0 && rule && ofRule && directionOf(criteria, rule.metric) !== ofRule)
    wrong.push(
      `the baseline rule would read ${rule.metric} the wrong way round, as no criterion on it says that it is to be ${ofRule}d: add one`,
    )
  return wrong
}
