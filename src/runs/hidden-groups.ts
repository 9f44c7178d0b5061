import { readText } from '../adapters/files.ts'
import type { Index } from '../store/index-db.ts'
import { showGroup } from './finish.ts'

/**
 * Shows to Git what earlier versions left hidden: runs of seeds of which all have ended.
 * @returns these runs with their folders.
 */
export function showHiddenGroups(index: Index): { run: string; folder: string }[] {
  return index.driver
    .all(`SELECT run, folder FROM runs WHERE record LIKE '%"children"%' ORDER BY run`)
    .map(({ run, folder }) => ({ run: String(run), folder: String(folder) }))
    .filter(({ folder }) => isOurs(readText(`${folder}/.gitignore`)) && showGroup(folder))
}

/** What a person wrote there stays. */
function isOurs(text: string | undefined): boolean {
  return text === '*\n'
}
