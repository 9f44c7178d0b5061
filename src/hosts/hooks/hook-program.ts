import { basename, dirname, join } from 'node:path'
import { localiseCommand } from '../calls/person-commands.ts'
import { invocation } from '../cli/invocation.ts'

/** The file that the assistant calls; the program lies beside it. */
const OWN_FILE = 'hook.cjs'

/** A command of ours, `specweave-ml verify`, as it can be pasted where this hook runs. */
export function commandHere(command: string): string {
  const [, script = ''] = process.argv
  const start = {
    script: basename(script) === OWN_FILE ? join(dirname(script), 'main.js') : script,
    cwd: process.cwd(),
    path: process.env.PATH ?? '',
    npx: false,
  }
  return localiseCommand(command, invocation(start, { anywhere: true }))
}
