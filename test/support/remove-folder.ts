import { rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Removes a test's folder. A run that a test left to its supervisor writes until it sees that its folder is gone, and
 * `maxRetries` of rmSync tries only the last step again: so the whole removal is tried, for at most a minute.
 */
export async function removeFolder(folder: string): Promise<void> {
  const deadline = Date.now() + 60_000
  for (;;)
    try {
      return rmSync(folder, { recursive: true, force: true })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOTEMPTY' || Date.now() > deadline) throw error
      await sleep(50)
    }
}
