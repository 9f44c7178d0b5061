import { Refusal } from '../core/errors.ts'

/** Thrown where a part of the index turns out to be damaged. It has been thrown away then: the next call makes it anew. */
export class IndexDamaged extends Error {}

/** Tables are never missing from a whole index: they are made with it. */
const DAMAGE = /malformed|not a database|disk image|file is encrypted|no such (?:table|column)/i
const LOCKED = /database (?:table )?is locked|SQLITE_(?:BUSY|LOCKED)/i
const NO_ROOM = /database or disk is full/i
const NOT_WRITABLE = /readonly database|disk I\/O error|unable to open database/i

export function isDamage(cause: unknown): boolean {
  return DAMAGE.test(String(cause)) || isTorn(cause)
}

/** SQLITE_IOERR_SHORT_READ: index or log is shorter than it says it is, because another program cut or overwrote it. */
const SHORT_READ = 522

function isTorn(cause: unknown): boolean {
  const { code, errcode } = (cause ?? {}) as { code?: unknown; errcode?: unknown }
  return code === 'SQLITE_IOERR_SHORT_READ' || errcode === SHORT_READ
}

/** What SQLite says where it cannot read or write a file, whatever the reason. */
export function isUnusable(cause: unknown): boolean {
  return NOT_WRITABLE.test(String(cause))
}

/** What SQLite said, in the user's terms; anything that the user can do nothing about stays as it is. */
export function asIndexRefusal(cause: unknown, file: string): unknown {
  const said = String(cause)
  if (LOCKED.test(said)) {
    return new Refusal(
      'INDEX_LOCKED',
      `Another program has kept the index ${file} locked for seconds. Close what has it open (a database browser, a backup), and call again: runs go on meanwhile.`,
      { next: [{ person: `fuser -v '${file}'`, why: 'shows which programs have it open' }], cause },
    )
  }
  if (NO_ROOM.test(said)) {
    return new Refusal(
      'INDEX_UNWRITABLE',
      `There is no room left to write the index ${file}. Free some space and call again.`,
      { cause },
    )
  }
  if (NOT_WRITABLE.test(said)) {
    return new Refusal(
      'INDEX_UNWRITABLE',
      `The index ${file} cannot be read or written (${said.replace(/^\w*Error: /, '')}). Make its folder writable and call again.`,
      { cause },
    )
  }
  return cause
}

/** Whether the index, and not the files that it is made from, is what failed: work can go on without it. */
export function isIndexTrouble(cause: unknown): boolean {
  return (
    cause instanceof IndexDamaged ||
    (cause instanceof Refusal && (cause.code === 'INDEX_LOCKED' || cause.code === 'INDEX_UNWRITABLE'))
  )
}
