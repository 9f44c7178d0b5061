import { closeSync, constants, fstatSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { openRegular } from '../adapters/files.ts'
import { safeText } from '../core/untrusted-text.ts'

const MOST_BYTES = 256 * 1024
const LONGEST_LINE = 500

/** The last lines of a run's log, safe to show: no terminal codes, secrets masked, long lines cut. */
export function logTail(folder: string, stream: 'stdout' | 'stderr', lines: number): string[] {
  const fd = openRegular(join(folder, 'logs', `${stream}.log`), constants.O_NOFOLLOW)
  if (fd === undefined) return []
  try {
    const { size } = fstatSync(fd)
    const length = Math.min(size, MOST_BYTES)
    const bytes = Buffer.alloc(length)
    readSync(fd, bytes, 0, length, size - length)
    const text = safeText(bytes.toString('utf8'))
    const all = text.split('\n')
    if (all.at(-1) === '') all.pop()
    return all
      .slice(Math.max(0, all.length - lines))
      .map((line) => (line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)}…` : line))
  } finally {
    closeSync(fd)
  }
}
