import { execFileSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, rmSync, truncateSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { Scene } from './scene.ts'

export function mount(...args: string[]): void {
  execFileSync('mount', args, { stdio: 'ignore' })
}

/** A small disk of its own at a folder, until the scene ends. */
export function disk(of: Scene, folder: string, size: string): void {
  mkdirSync(folder, { recursive: true })
  mount('-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder)
  of.afterwards(() => execFileSync('umount', ['-l', folder], { stdio: 'ignore' }))
}

/** Fills the disk of a folder to its last byte. */
export function fill(folder: string): void {
  const fd = openSync(join(folder, 'filler'), 'a')
  const page = Buffer.alloc(4096)
  try {
    for (;;) writeSync(fd, page)
  } catch (cause) {
    expect((cause as NodeJS.ErrnoException).code).toBe('ENOSPC')
  } finally {
    closeSync(fd)
  }
}

export function makeRoom(folder: string): void {
  truncateSync(join(folder, 'filler'))
  rmSync(join(folder, 'filler'))
}
