// The workspace lies on a small disk of its own, which fills up, or becomes read-only, and has room again.
import { execFileSync } from 'node:child_process'
import { closeSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** Room for the floods of output and the lines of 10 MB of a round. */
const SIZE = '160m'
/** Without room for less than this: the SDK waits for room for 10 s where a run ends. */
const LONGEST_MS = 4000

const mount = (...args) => execFileSync('mount', args, { stdio: 'ignore' })
const mounted = new Set()

/** Puts an empty disk under a folder. */
export function makeDisk(folder) {
  mount('-t', 'tmpfs', '-o', `size=${SIZE}`, 'tmpfs', folder)
  mounted.add(folder)
}

export function dropDisk(folder) {
  if (!mounted.delete(folder)) return
  try {
    // Bound over itself once for each time that it was read-only.
    for (;;) execFileSync('umount', ['-l', folder], { stdio: 'ignore' })
  } catch {
    // Nothing is mounted there any more.
  }
}

process.once('exit', () => [...mounted].forEach(dropDisk))

/** Notes from when to when nothing could be written: the judge asks which points may have waited then. */
async function withoutRoom({ arena, random }, begin, go, end) {
  const spell = { from: Date.now() / 1000, to: Number.POSITIVE_INFINITY }
  arena.withoutRoom.push(spell)
  try {
    begin()
    for (const until = Date.now() + random.between(500, LONGEST_MS); Date.now() < until; ) {
      await sleep(30)
      go()
    }
  } finally {
    end()
    spell.to = Date.now() / 1000
  }
  // Room for a while, so that what waits can be written: two spells are two.
  await sleep(2000)
}

export function fillDisk(storm) {
  const file = join(storm.arena.disk, 'filler')
  const fd = openSync(file, 'a')
  // Whoever gives a page back does not get it again.
  const fill = () => {
    for (const size of [1 << 20, 4096, 1]) {
      try {
        for (;;) writeSync(fd, Buffer.alloc(size))
      } catch (cause) {
        if (cause.code !== 'ENOSPC') throw cause
      }
    }
  }
  return withoutRoom(storm, fill, fill, () => {
    closeSync(fd)
    rmSync(file)
  })
}

/**
 * A mount that files are open on cannot be made read-only: another one over it can. Who has a file open goes on writing to
 * it, and opens no other. Made writable again, it stays, so that nobody is left in a place that is gone.
 */
export function readOnly(storm) {
  const { disk } = storm.arena
  return withoutRoom(
    storm,
    () => {
      mountReadOnly(disk)
    },
    () => {},
    () => mount('-o', 'remount,rw,bind', disk),
  )
}

/** Somebody who opens a file for writing between the mount and its change to read-only keeps it writable: another is laid over it. */
function mountReadOnly(disk) {
  for (let attempt = 1; ; attempt++) {
    try {
      return mount('-o', 'bind,ro', disk, disk)
    } catch (cause) {
      if (attempt === 10) throw cause
    }
  }
}
