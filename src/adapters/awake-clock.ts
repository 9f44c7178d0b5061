import { readFileSync } from 'node:fs'
import { uptime } from 'node:os'

/** Two clocks that nobody can set: seconds since boot. */
export interface Clocks {
  /** Stands still while the machine sleeps (CLOCK_MONOTONIC). */
  awakeS: number
  /** Goes on while the machine sleeps (CLOCK_BOOTTIME). */
  bootS: number
}

export function readClocks(): Clocks {
  return { awakeS: Number(process.hrtime.bigint()) / 1e9, bootS: bootSeconds() }
}

function bootSeconds(): number {
  try {
    return Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0])
  } catch {
    return uptime()
  }
}
