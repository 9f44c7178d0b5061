import type { DatasetRecord } from '../../core/dataset-record.ts'
import type { NextStep } from '../../core/errors.ts'
import type { ProblemType } from '../../core/problem-types.ts'
import { type IncrementRef, listIncrements, readSpec } from '../../increments/load.ts'
import type { Workspace } from '../../store/workspace.ts'

/**
 * The step after a registration that named no increment: the one that waits for such data, where that is plain, else a
 * new one.
 * @param call the arguments of the registration.
 */
export function stepWithoutIncrement(
  workspace: Workspace,
  call: Readonly<Record<string, unknown>>,
  record: Pick<DatasetRecord, 'dataset' | 'name' | 'problem_type'>,
): NextStep {
  const waiting = listIncrements(workspace).filter(
    (increment) => increment.status === 'active' && lacksData(increment, record.problem_type),
  )
  const [only] = waiting
  if (only && waiting.length === 1)
    return {
      tool: 'register_dataset',
      arguments: { ...call, increment: only.id },
      why: `states this data in ${only.folder}, which has none yet`,
    }
  return {
    tool: 'create_increment',
    arguments: {
      title: `${record.name} model`,
      problem_type: record.problem_type,
      dataset: record.dataset,
    },
    why: 'specifies what to build on it',
  }
}

function lacksData(increment: IncrementRef, problemType: ProblemType): boolean {
  try {
    const { ml } = readSpec(increment).front
    return !ml.dataset && ml.problem.type === problemType
  } catch {
    // What is wrong with its spec.md is said where that is asked for.
    return false
  }
}
