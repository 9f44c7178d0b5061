import { basename, dirname, join } from 'node:path'
import { localiseWords } from '../calls/person-commands.ts'
import { invocation } from '../cli/invocation.ts'

/** The file that the assistant calls; the program lies beside it. */
const OWN_FILE = 'hook.cjs'

/** A sentence whose commands, `specweave-ml verify`, can be pasted where this hook runs. */
export function wordsHere(words: string): string {
  const [, script = ''] = process.argv
  const start = {
    script: basename(script) === OWN_FILE ? join(dirname(script), 'main.js') : script,
    cwd: process.cwd(),
    path: process.env.PATH ?? '',
    npx: false,
  }
  return localiseWords(words, invocation(start, { anywhere: true }))
}
