import type { AnyTool } from '../../tools/tool.ts'
import { EXIT } from './exit-codes.ts'
import { processIo } from './io.ts'
import { runCli } from './run-cli.ts'

/** The command line on this process's streams. @returns the exit code */
export async function main(argv: string[]): Promise<number> {
  const { workspace, rest } = takeWorkspace(argv)
  const interrupt = new AbortController()
  process.on('SIGINT', () => {
    if (interrupt.signal.aborted) process.exit(EXIT.interrupted)
    interrupt.abort()
  })
  // `list-runs | head` closes our stdout early, and that is fine.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))
  const io = processIo(workspace, interrupt.signal)
  const [{ tools }, { commands }] = await Promise.all([
    import('../../tools/registry.ts'),
    import('./commands.ts'),
  ])
  const code = await runCli(rest, { tools: tools as readonly AnyTool[], commands, io })
  return interrupt.signal.aborted ? EXIT.interrupted : code
}

/** `--workspace DIR` may stand anywhere before `--`. */
function takeWorkspace(argv: readonly string[]): { workspace?: string; rest: string[] } {
  const rest: string[] = []
  let workspace: string | undefined
  for (let index = 0; index < argv.length; index++) {
    const word = argv[index] as string
    if (word === '--') return { workspace, rest: [...rest, ...argv.slice(index)] }
    if (word === '--workspace' && argv[index + 1] !== undefined) workspace = argv[++index]
    else if (word.startsWith('--workspace=')) workspace = word.slice('--workspace='.length)
    else rest.push(word)
  }
  return { workspace, rest }
}
