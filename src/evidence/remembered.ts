import { join } from 'node:path'
import { readJson, writeFileAtomic } from '../adapters/files.ts'
import { privateFolder } from '../adapters/state-folder.ts'

/**
 * What was found out before and would be found again, in the state folder: outside the workspace, so that nothing that Git
 * brings can say that it was checked. It may be removed at any time.
 * @param name of letters, digits and dashes: whatever the answer depends on is part of it, or of the answer.
 */
export function remembered<T>(name: string): T | undefined {
  try {
    return readJson<T>(placeOf(name))
  } catch {
    // Cut short by a crash: found out again.
    return undefined
  }
}

export function remember(name: string, found: object): void {
  writeFileAtomic(placeOf(name), JSON.stringify(found))
}

function placeOf(name: string): string {
  return join(privateFolder('checked'), `${name}.json`)
}
