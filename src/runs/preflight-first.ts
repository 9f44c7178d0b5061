import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Index } from '../store/index-db.ts'
import type { Workspace } from '../store/workspace.ts'
import type { Claimed } from './claim.ts'
import type { PreflightHooks } from './preflight.ts'
import type { RunFacts } from './record.ts'
import { whenThereIsRoom } from './settle.ts'

/** Why a run must not be started. */
export interface Refused {
  because: unknown
}

/**
 * The preflight of a run that asks for one, as the first part of its life: whoever adopts it does it again, and ends what
 * the other's left.
 */
export async function preflightFirst(
  workspace: Workspace,
  index: Index,
  claimed: Claimed,
  { record, started, stop }: RunFacts,
  hooks: PreflightHooks,
): Promise<Refused | undefined> {
  if (!record.preflight || started) return undefined
  const { folder } = claimed
  try {
    if (stop) {
      const { clearScratch } = await import('./preflight-scratch.ts')
      await clearScratch(folder)
      return undefined
    }
    const { preflight } = await import('./preflight.ts')
    const because = await whenThereIsRoom(
      folder,
      () => preflight(workspace, index, claimed, record, hooks),
      () => existsSync(join(folder, 'stop.json')),
    )
    return because && { because }
  } catch (because) {
    // A run whose preflight cannot be made must end, or every adopter would try it again.
    if (existsSync(join(folder, 'run.json'))) return { because }
    throw because
  }
}
