import type { CompiledQuery } from 'kysely'
import { asRefusal } from '../adapters/files.ts'
import { indexFile } from './index-file.ts'
import { discardIndexFile, inodeOf, makeIndexFile } from './index-replacement.ts'
import { asIndexRefusal, IndexDamaged, isDamage, isUnusable } from './index-trouble.ts'
import type { Layout } from './layout.ts'
import { migrate } from './migrations.ts'
import { openSqlite, type Row, type SqliteDriver, type SqlValue } from './sqlite/driver.ts'

interface Compiled<T> {
  compile(): CompiledQuery<T>
}

/** An open index. Queries are compiled by Kysely and answered at once. */
export interface Index {
  readonly file: string
  readonly driver: SqliteDriver
  all<T>(query: Compiled<T>): T[]
  first<T>(query: Compiled<T>): T | undefined
  run(query: Compiled<unknown>): void
  /** One transaction; where it is called within another, `work` becomes part of that. */
  transaction<T>(work: () => T): T
}

const opened = new Map<string, { index: Index; inode: string }>()

/** How long a call that began before its index was replaced may go on with the old one: longer than any call lasts. */
const LAST_USE_MS = 120_000

const BUSY_TIMEOUT_MS = 5000

/** A folder in which the index is deleted again and again is left to others after so many tries. */
const MOST_TRIES = 20

/**
 * The index of a workspace, opened once a process and opened again where its file has vanished or was replaced.
 * An index that cannot be read, or that a newer version made, is thrown away: it is filled again from the files.
 * @throws Refusal INDEX_LOCKED, WORKSPACE_READ_ONLY
 */
export async function openIndex(layout: Layout): Promise<Index> {
  const file = indexFile(layout)
  const known = opened.get(file)
  if (known) {
    if (inodeOf(file) === known.inode) return known.index
    retire(file)
  }
  try {
    const { driver, inode } = await openOrMake(file)
    // Another call of this process may have opened it meanwhile.
    const faster = opened.get(file)
    if (faster?.inode === inode) {
      driver.close()
      return faster.index
    }
    if (faster) retire(file)
    const index = wrap(file, guarded(file, driver, inode))
    opened.set(file, { index, inode })
    return index
  } catch (cause) {
    throw asRefusal(asIndexRefusal(cause, file), file)
  }
}

/**
 * An index of its own, in memory: for work that has to be done while the workspace's cannot be used.
 */
export async function openPrivateIndex(): Promise<Index> {
  const driver = await openSqlite(':memory:', { busyTimeoutMs: 0 })
  migrate(driver)
  return wrap(':memory:', driver)
}

/** Calls that are under way may still hold it. */
function retire(file: string): void {
  const { index } = opened.get(file)!
  opened.delete(file)
  setTimeout(() => index.driver.close(), LAST_USE_MS).unref()
}

/** What SQLite cannot do is said in the user's terms. A damaged page is met when it is read, maybe long after the opening. */
function guarded(file: string, driver: SqliteDriver, inode: string): SqliteDriver {
  const guard = <A extends unknown[], T>(work: (...given: A) => T) => {
    return (...given: A): T => {
      try {
        return work(...given)
      } catch (cause) {
        if (cause instanceof IndexDamaged) throw cause
        const known = opened.get(file)
        // Deleted under this process, its log with it: what SQLite says of that is no trouble of the disk.
        const replaced = inodeOf(file) !== inode
        if (!isDamage(cause) && !(replaced && isUnusable(cause))) throw asIndexRefusal(cause, file)
        if (known?.index.driver === safe) {
          retire(file)
          discardIndexFile(file, known.inode)
        }
        throw new IndexDamaged(`The index ${file} was damaged and has been thrown away.`, { cause })
      }
    }
  }
  const safe: SqliteDriver = {
    ...driver,
    exec: guard(driver.exec),
    all: guard(driver.all),
    get: guard(driver.get),
    run: guard(driver.run),
    transaction: guard(driver.transaction) as SqliteDriver['transaction'],
  }
  return safe
}

export function closeIndexes(): void {
  for (const { index } of opened.values()) index.driver.close()
  opened.clear()
}

async function openOrMake(file: string): Promise<{ driver: SqliteDriver; inode: string }> {
  for (let attempt = 1; ; attempt++) {
    const inode = inodeOf(file)
    if (inode === '') {
      if (attempt > MOST_TRIES) throw new IndexDamaged(`The index ${file} is deleted again and again.`)
      await makeIndexFile(file)
      continue
    }
    const driver = await openExisting(file, inode)
    // What was opened under this name may have been taken away in between, and its log be another's.
    if (driver && inodeOf(file) === inode) return { driver, inode }
    driver?.close()
  }
}

/** @returns `undefined` where it was of no use and has been discarded. */
async function openExisting(file: string, inode: string): Promise<SqliteDriver | undefined> {
  const driver = await openSqlite(file, { busyTimeoutMs: BUSY_TIMEOUT_MS })
  try {
    // The index can be made again: it is not worth waiting for the disk at every commit.
    driver.exec(
      'PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -8000',
    )
    if (migrate(driver)) return driver
  } catch (cause) {
    driver.close()
    if (inodeOf(file) !== inode) return undefined
    if (!isDamage(cause)) throw cause
    discardIndexFile(file, inode)
    return undefined
  }
  driver.close()
  discardIndexFile(file, inode)
  return undefined
}

function wrap(file: string, driver: SqliteDriver): Index {
  let inside = false
  return {
    file,
    driver,
    all<T>(query: Compiled<T>): T[] {
      const { sql, parameters } = query.compile()
      return driver.all(sql, parameters as SqlValue[]) as Row[] as T[]
    },
    first<T>(query: Compiled<T>): T | undefined {
      const { sql, parameters } = query.compile()
      return driver.get(sql, parameters as SqlValue[]) as T | undefined
    },
    run(query: Compiled<unknown>): void {
      const { sql, parameters } = query.compile()
      driver.run(sql, parameters as SqlValue[])
    },
    transaction(work) {
      if (inside) return work()
      inside = true
      try {
        return driver.transaction(work)
      } finally {
        inside = false
      }
    },
  }
}
