import { createHash } from 'node:crypto'
import { accessSync, constants, mkdirSync, rmSync, statfsSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { CompiledQuery } from 'kysely'
import { asRefusal } from '../adapters/files.ts'
import { stateFolder } from '../adapters/state-folder.ts'
import { IndexDamaged } from './index-damaged.ts'
import type { Layout } from './layout.ts'
import { migrate } from './migrations.ts'
import { openSqlite, type Row, type SqliteDriver, type SqlValue } from './sqlite/driver.ts'

/** statfs magic numbers of file systems on which WAL's shared memory does not work between machines. */
const SHARED_FILE_SYSTEMS = new Set([
  0x6969, 0x517b, 0xff534d42, 0xfe534d42, 0x65735546, 0x01021997, 0x00c36400,
])

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

/**
 * Where the index lies: in the workspace, or in the state folder where that cannot be written to, or is on a network or
 * shared file system. Each place of a workspace has its own: a copy has the same id.
 */
export function indexFile({ folder }: Layout): string {
  if (isWritable(folder) && !isShared(folder)) return join(folder, 'index.db')
  const key = createHash('sha256').update(folder).digest('hex').slice(0, 16)
  return join(stateFolder(), 'index', key, 'index.db')
}

function isShared(folder: string): boolean {
  try {
    return SHARED_FILE_SYSTEMS.has(Number(statfsSync(folder).type))
  } catch {
    // statfs is not to be had everywhere; the workspace's own folder is the usual case.
    return false
  }
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK)
    return true
  } catch {
    return false
  }
}

const opened = new Map<string, { index: Index; inode: string }>()

/** How long a call that began before its index was replaced may go on with the old one: longer than any call lasts. */
const LAST_USE_MS = 120_000

const DAMAGE = /malformed|not a database|disk image|file is encrypted/i

/**
 * The index of a workspace, opened once a process and opened again where its file has vanished or was replaced.
 * An index that cannot be read, or that a newer version made, is thrown away: it is filled again from the files.
 */
export async function openIndex(layout: Layout): Promise<Index> {
  const file = indexFile(layout)
  const known = opened.get(file)
  if (known) {
    if (inodeOf(file) === known.inode) return known.index
    retire(file)
  }
  const driver = await openOrRemake(file)
  const index = wrap(file, guarded(file, driver))
  opened.set(file, { index, inode: inodeOf(file) })
  return index
}

/** Calls that are under way may still hold it. */
function retire(file: string): void {
  const { index } = opened.get(file)!
  opened.delete(file)
  setTimeout(() => index.driver.close(), LAST_USE_MS).unref()
}

/** A damaged page is met when it is read, maybe long after the file was opened. */
function guarded(file: string, driver: SqliteDriver): SqliteDriver {
  const guard = <A extends unknown[], T>(work: (...given: A) => T) => {
    return (...given: A): T => {
      try {
        return work(...given)
      } catch (cause) {
        if (cause instanceof IndexDamaged || !DAMAGE.test(String(cause))) throw cause
        if (opened.get(file)?.index.driver === safe) {
          retire(file)
          removeIndex(file)
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

async function openOrRemake(file: string): Promise<SqliteDriver> {
  try {
    mkdirSync(dirname(file), { recursive: true })
    const driver = await openMigrated(file)
    if (driver) return driver
  } catch (cause) {
    if (!DAMAGE.test(String(cause))) throw asRefusal(cause, file)
  }
  removeIndex(file)
  return (await openMigrated(file))!
}

async function openMigrated(file: string): Promise<SqliteDriver | undefined> {
  const driver = await openSqlite(file, { busyTimeoutMs: 5000 })
  try {
    // The index can be made again: it is not worth waiting for the disk at every commit.
    driver.exec(
      'PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -8000',
    )
    if (migrate(driver)) return driver
  } catch (cause) {
    driver.close()
    throw cause
  }
  driver.close()
  return undefined
}

function removeIndex(file: string): void {
  for (const suffix of ['', '-wal', '-shm']) rmSync(file + suffix, { force: true })
}

function inodeOf(file: string): string {
  const stat = statSync(file, { bigint: true, throwIfNoEntry: false })
  return stat ? `${stat.dev}:${stat.ino}` : ''
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
