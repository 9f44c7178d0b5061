import { statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { placeKey, privateFolder } from '../../adapters/state-folder.ts'

const DAY_MS = 24 * 3600 * 1000

/** A file in the user's state folder, whose time says when an assistant last worked here. */
function marker(root: string): string {
  return join(privateFolder('sessions'), placeKey(root))
}

/** When an assistant last stopped in this workspace, ISO 8601; a day ago where none ever did. */
export function lastSession(root: string): string {
  const stat = statSync(marker(root), { throwIfNoEntry: false })
  return new Date(stat?.mtimeMs ?? Date.now() - DAY_MS).toISOString()
}

export function rememberSession(root: string): void {
  const now = new Date()
  try {
    utimesSync(marker(root), now, now)
  } catch {
    writeFileSync(marker(root), '', { mode: 0o600 })
  }
}
