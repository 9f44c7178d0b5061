import type { NextStep } from '../../core/errors.ts'
import type { ProblemType } from '../../core/problem-types.ts'

/** The step before all others of an increment without data. Only its user knows the file and the target. */
export function registerStep(increment: string, problemType: ProblemType): NextStep {
  return {
    tool: 'register_dataset',
    arguments: {
      name: 'data',
      source: 'path/to/data.csv',
      target: 'column',
      problem_type: problemType,
      increment,
    },
    why: 'profiles and splits the data and seals the test labels; name your own file and target',
  }
}
