import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Waits until `condition` gives something, and hands that on. The seconds only guard against a hang: a busy machine may be
 * ten times slower than this one.
 */
export async function until<T>(
  what: string,
  condition: () => T | undefined | false | Promise<T | undefined | false>,
  seconds = 100,
): Promise<T> {
  for (const end = performance.now() + seconds * 1000; performance.now() < end; ) {
    const met = await condition()
    if (met) return met
    await sleep(20)
  }
  throw new Error(`waited ${seconds} s for ${what}`)
}
