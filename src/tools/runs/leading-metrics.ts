import type { Measurement } from '../../core/measurement.ts'
import { listIncrements, readSpec } from '../../increments/load.ts'
import type { Workspace } from '../../store/workspace.ts'

/**
 * Sets the metrics that an increment is judged by in front of the others, in the order of its criteria; measured ones
 * stay before those that a script reported.
 */
export function leadingFirst(metrics: readonly Measurement[], names: readonly string[]): Measurement[] {
  const place = ({ name }: Measurement) => {
    const at = names.indexOf(name)
    return at === -1 ? names.length : at
  }
  const isTrain = ({ split }: Measurement) => Number(split === 'train')
  const reported = ({ source }: Measurement) => Number(source === 'reported')
  // Sorting is stable: what is alike stays in its order.
  return [...metrics].sort(
    (a, b) => reported(a) - reported(b) || isTrain(a) - isTrain(b) || place(a) - place(b),
  )
}

/** The metrics that the criteria and the baseline rule of each increment name; none where its spec.md cannot be read. */
export function leadingNames(workspace: Workspace): (increment: string) => readonly string[] {
  const known = new Map<string, readonly string[]>()
  const increments = listIncrements(workspace)
  return (id) => {
    const names = known.get(id) ?? namesOf(increments.find((increment) => increment.id === id))
    known.set(id, names)
    return names
  }
}

function namesOf(increment: Parameters<typeof readSpec>[0] | undefined): readonly string[] {
  if (!increment) return []
  try {
    const { success, baseline } = readSpec(increment).front.ml
    return [...new Set([...success.map(({ metric }) => metric), ...(baseline ? [baseline.metric] : [])])]
  } catch {
    return []
  }
}
