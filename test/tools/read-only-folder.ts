import { execFileSync } from 'node:child_process'
import { accessSync, chmodSync, constants, readdirSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Makes a folder read-only: by a bind mount where we are root, whom modes do not hold back, else by modes.
 * @returns what makes it writable again; `undefined` where neither can be done here.
 */
export function makeReadOnly(folder: string): (() => void) | undefined {
  const undo = process.getuid?.() === 0 ? mounted(folder) : withoutModes(folder)
  if (undo && isWritable(folder)) {
    undo()
    return undefined
  }
  return undo
}

function mounted(folder: string): (() => void) | undefined {
  const mount = (...args: string[]): void => void execFileSync('mount', args, { stdio: 'ignore' })
  const unmount = (): void => void execFileSync('umount', [folder], { stdio: 'ignore' })
  try {
    mount('--bind', folder, folder)
  } catch {
    return undefined
  }
  try {
    mount('-o', 'remount,ro,bind', folder)
    return unmount
  } catch {
    unmount()
    return undefined
  }
}

function withoutModes(folder: string): () => void {
  const folders = [folder, ...below(folder)]
  for (const path of folders) chmodSync(path, 0o555)
  return () => {
    for (const path of folders) chmodSync(path, 0o755)
  }
}

function below(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap((entry) => [join(folder, entry.name), ...below(join(folder, entry.name))])
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK)
    return true
  } catch {
    return false
  }
}
