import type { NextStep } from '../../core/errors.ts'
import type { RunSummary } from '../../core/run-summary.ts'
import type { IncrementRef } from '../../increments/load.ts'
import { isClosed } from '../../increments/metadata.ts'

/**
 * What follows a comparison: more seeds where they would decide, other kinds of model, and the look for the best; its
 * verdict, where it was looked at already; of a closed increment nothing.
 * @param before what is due before a look: other candidates, a person's word on proposed criteria.
 * @param over whether the best stands for an experiment of several seeds.
 */
export function afterComparison(
  best: RunSummary | undefined,
  increment: Pick<IncrementRef, 'id' | 'status'> | undefined,
  moreSeeds: readonly NextStep[],
  before: readonly NextStep[],
  over: boolean,
): NextStep[] {
  if (increment && isClosed(increment.status)) return []
  if (!best) return [...moreSeeds, ...before]
  const looked = best.metrics.some(({ split, source }) => split === 'test' && source === 'measured')
  if (looked && increment)
    return [
      ...moreSeeds,
      {
        tool: 'validate_increment',
        arguments: { increment: increment.id },
        why: 'the best was looked at on the sealed test set: says what the criteria make of it',
      },
    ]
  return [
    ...moreSeeds,
    ...before,
    {
      tool: 'evaluate_run',
      arguments: { run: best.run, split: 'test' },
      why: `a look at the sealed test set, counted: when the choice is made, and the user knows${over ? ' (the first seed of the experiment of the best mean: the best seed is luck)' : ''}`,
    },
  ]
}
