import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { incrementNumbers, readLedger, withLedger } from '../../evidence/ledger.ts'
import { type CreatedIncrement, createIncrement } from '../../increments/create.ts'
import type { IncrementPlan } from '../../increments/increment-plan.ts'
import type { Workspace } from '../../store/workspace.ts'

/**
 * Creates an increment. Criteria that were proposed become a line of the ledger: the mark in spec.md can be edited away,
 * and that nobody asked for them cannot. Without the line there is no increment.
 */
export async function createRecorded(workspace: Workspace, plan: IncrementPlan): Promise<CreatedIncrement> {
  const proposed = plan.criteria.success.filter((criterion) => criterion.proposed)
  if (proposed.length === 0) return createIncrement(workspace, plan, incrementNumbers(readLedger(workspace)))
  return withLedger(workspace, (ledger, append) => {
    const created = createIncrement(workspace, plan, incrementNumbers(ledger))
    try {
      append('criteria.proposed', {
        increment: created.increment,
        success: proposed.map(({ metric, op, value, split }) => ({ metric, op, value, split })),
      })
    } catch (cause) {
      rmSync(join(workspace.layout.increments, created.folder), { recursive: true, force: true })
      throw cause
    }
    return created
  })
}
