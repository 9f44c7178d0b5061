import { existsSync } from 'node:fs'
import { sleep } from '../core/clock.ts'
import { type Index, openPrivateIndex } from '../store/index-db.ts'
import { isIndexTrouble } from '../store/index-trouble.ts'

const FIRST_PAUSE_MS = 1000
const LONGEST_PAUSE_MS = 10_000

/**
 * Does what a run's life cannot go on without, as often as it takes: where a disk is full or read-only, again after a
 * pause, for as long as the run's folder exists.
 * @param givenUp whether nobody wants it any more.
 * @throws whatever else `work` throws.
 */
export async function whenThereIsRoom<T>(
  folder: string,
  work: () => T | Promise<T>,
  givenUp: () => boolean = () => false,
): Promise<T> {
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(LONGEST_PAUSE_MS, pause * 1.5)) {
    try {
      return await work()
    } catch (cause) {
      if (!isNoRoom(cause) || !existsSync(folder) || givenUp()) throw cause
      await sleep(pause)
    }
  }
}

/**
 * The same for work that needs an index: where the workspace's is locked, damaged or without room, one of the run's own
 * is filled from its files, so that an end waits for nobody.
 * @param work may be done again, and fills what it needs of the index itself.
 */
export async function settle(folder: string, index: Index, work: (index: Index) => void): Promise<void> {
  let usable = index
  await whenThereIsRoom(folder, async () => {
    try {
      work(usable)
    } catch (cause) {
      if (!isIndexTrouble(cause) || usable !== index) throw cause
      usable = await openPrivateIndex()
      work(usable)
    }
  })
}

const NO_ROOM = new Set(['ENOSPC', 'EDQUOT', 'EROFS'])

/** A full disk is emptied and a read-only one mounted again; what a permission forbids stays forbidden. */
function isNoRoom(thrown: unknown): boolean {
  for (let cause = thrown; cause instanceof Error; cause = cause.cause)
    if (NO_ROOM.has((cause as NodeJS.ErrnoException).code ?? '')) return true
  return false
}
