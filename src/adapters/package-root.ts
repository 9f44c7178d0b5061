import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

let found: string | undefined

/** The folder of this package, which holds `templates/` and `python/`: the same from `dist/` and from `src/`. */
export function packageRoot(): string {
  if (found) return found
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'templates')) && existsSync(join(folder, 'python'))) {
      found = folder
      return folder
    }
    if (folder === dirname(folder))
      throw new Error('the package folder with templates/ and python/ was not found')
  }
}
