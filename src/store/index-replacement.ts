import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { LockHeld, withLock } from '../adapters/process/lock.ts'
import { Refusal } from '../core/errors.ts'
import { migrate } from './migrations.ts'
import { openSqlite } from './sqlite/driver.ts'

/**
 * Makes an empty index where there is none: under a lock, beside its place, and moved there whole. The write-ahead log
 * of a file that was deleted would be taken for the new one's: it is removed before, by the only process that makes one.
 * @throws Refusal INDEX_LOCKED where another process keeps the lock; SQLITE_UNAVAILABLE
 */
export async function makeIndexFile(file: string): Promise<void> {
  const folder = dirname(file)
  await withLock(
    join(folder, 'reservations', 'index.lock'),
    async () => {
      if (existsSync(file)) return
      removeRests(file)
      const fresh = `${file}.new-${randomBytes(6).toString('hex')}`
      const driver = await openSqlite(fresh, { busyTimeoutMs: 5000 })
      try {
        driver.exec('PRAGMA journal_mode = WAL')
        migrate(driver)
      } finally {
        driver.close()
      }
      renameSync(fresh, file)
    },
    { timeoutS: 20, foreignTimeoutS: 5 },
  ).catch((cause) => {
    if (!(cause instanceof LockHeld)) throw cause
    throw new Refusal('INDEX_LOCKED', cause.message, { next: cause.next, cause })
  })
}

/**
 * Takes an index that is of no use out of the way, in one step; processes that have it open go on with what they hold.
 * @param inode of the file that was found to be of no use: another that stands there by now is left alone.
 */
export function discardIndexFile(file: string, inode: string): void {
  if (inodeOf(file) !== inode) return
  const away = `${file}.old-${randomBytes(6).toString('hex')}`
  try {
    renameSync(file, away)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause
  }
  rmSync(away, { force: true })
}

export function inodeOf(file: string): string {
  const stat = statSync(file, { bigint: true, throwIfNoEntry: false })
  return stat ? `${stat.dev}:${stat.ino}` : ''
}

function removeRests(file: string): void {
  for (const suffix of ['-wal', '-shm', '-journal']) rmSync(file + suffix, { force: true })
  const name = basename(file)
  for (const rest of readdirSync(dirname(file)))
    if (rest.startsWith(`${name}.new-`) || rest.startsWith(`${name}.old-`))
      rmSync(join(dirname(file), rest), { force: true })
}
