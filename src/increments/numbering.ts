import { readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { createExclusive, makeFolder } from '../adapters/files.ts'
import { padNumber } from '../core/ids.ts'
import type { Layout } from '../store/layout.ts'

/** Where the SpecWeave engine puts increments that are out of the way; their numbers stay taken. */
export const LIFECYCLE_FOLDERS = ['_archive', '_abandoned', '_paused', '_backlog'] as const

/** The engine's increments: `0032-name`, `032-name`, and `0032E-name` for what was imported. */
const ANY_INCREMENT = /^(\d{3,})[GJAE]?-/
/** A reservation lives for milliseconds; one this old was left by a process that died. */
const STALE_AFTER_MS = 60_000

/** Numbers in use and the folder that uses each, over all of `.specweave/increments`. */
export function takenNumbers(layout: Layout): Map<number, string> {
  const taken = new Map<number, string>()
  for (const folder of ['', ...LIFECYCLE_FOLDERS]) {
    for (const name of namesIn(join(layout.increments, folder))) {
      const [, digits] = ANY_INCREMENT.exec(name) ?? []
      if (digits) taken.set(Number(digits), join(folder, name))
    }
  }
  taken.delete(0)
  return taken
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
      .map((entry) => entry.name)
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code
    if (code === 'ENOENT' || code === 'ENOTDIR') return []
    throw cause
  }
}

/**
 * The highest number in use plus one, as the engine's `next-id` counts: gaps stay gaps.
 * @param used numbers that are taken though no folder has them.
 */
export function nextNumber(layout: Layout, used: ReadonlySet<number> = new Set()): number {
  return Math.max(0, ...takenNumbers(layout).keys(), ...used) + 1
}

export interface Reservation {
  number: number
  release(): void
}

/**
 * Reserves an increment's number against every other process: an exclusive creation, then a second look at what exists,
 * for the one who had the number before may just have finished.
 * @param wanted this number or none; without it the next free one
 * @returns `undefined` where the wanted number is in use or being made
 */
export function reserveNumber(
  layout: Layout,
  wanted?: number,
  used?: ReadonlySet<number>,
): Reservation | undefined {
  makeFolder(layout.reservations)
  for (let number = wanted ?? nextNumber(layout, used); ; number++) {
    const file = join(layout.reservations, `increment-${padNumber(number, 4)}`)
    if (claim(file)) {
      const release = (): void => rmSync(file, { force: true })
      if (!takenNumbers(layout).has(number)) return { number, release }
      release()
    }
    if (wanted !== undefined) return undefined
  }
}

function claim(file: string): boolean {
  if (createExclusive(file, '')) return true
  if (!isStale(file)) return false
  rmSync(file, { force: true })
  return createExclusive(file, '')
}

function isStale(file: string): boolean {
  try {
    return Date.now() - statSync(file).mtimeMs > STALE_AFTER_MS
  } catch {
    return false
  }
}
