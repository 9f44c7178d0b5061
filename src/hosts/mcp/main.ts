import { asDefect } from '../calls/defect-log.ts'
import { namedPlace } from '../calls/find-workspace.ts'
import { invocation } from '../cli/invocation.ts'
import { makeServer, type ServerOptions } from './server.ts'
import { StdioTransport } from './stdio-transport.ts'
import { claimStdout } from './stdout-guard.ts'

/** How long calls that still wait when the client leaves may take to answer. */
const LAST_ANSWERS_MS = 1000

/**
 * Serves MCP on stdin and stdout until the client closes stdin or a signal comes.
 * @param tools the registry, loaded when a client first needs it
 */
export async function main(
  argv: string[],
  tools: ServerOptions['tools'] = async () => (await import('../../tools/registry.ts')).tools,
): Promise<number> {
  const flags = readFlags(argv)
  if (typeof flags === 'string') {
    console.error(`${flags}\nUsage: ${invocation()} serve [--read-only] [--no-prompts] [--workspace DIR]`)
    return 2
  }
  const transport = new StdioTransport(process.stdin, claimStdout())
  const ending = new AbortController()
  const server = makeServer({
    tools,
    readOnly: flags.readOnly,
    prompts: flags.prompts,
    named: namedPlace(flags.workspace),
    invocation: invocation(undefined, { anywhere: true }),
    ending: ending.signal,
  })
  for (const event of ['uncaughtException', 'unhandledRejection'] as const)
    process.on(event, (cause) => {
      console.error(`specweave-ml: ${asDefect(cause, 'background work').message}`)
    })
  server.onerror = (error) => console.error(`specweave-ml: ${error.message}`)
  if (process.stdin.isTTY) console.error('specweave-ml serves MCP on stdin and stdout; press Ctrl-C to end.')
  process.stdout.on('error', () => process.exit(0))
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, () => process.exit(0))
  const left = new Promise<void>((resolve) => {
    process.stdin.once('end', resolve)
    process.stdin.once('close', resolve)
  })
  await server.connect(transport)
  await left
  ending.abort()
  await lastAnswers(transport)
  process.exit(0)
}

interface Flags {
  readOnly: boolean
  prompts: boolean
  workspace?: string
}

function readFlags(argv: string[]): Flags | string {
  const flags: Flags = { readOnly: false, prompts: true }
  for (let index = 0; index < argv.length; index++) {
    const word = argv[index] as string
    if (word === 'serve') continue
    if (word === '--read-only') flags.readOnly = true
    else if (word === '--no-prompts') flags.prompts = false
    else if (word === '--workspace' && argv[index + 1]) flags.workspace = argv[++index] as string
    else if (word.startsWith('--workspace=')) flags.workspace = word.slice('--workspace='.length)
    else return `serve does not know "${word}".`
  }
  return flags
}

/** Requests that were read before stdin ended still get their answers, as far as these are ready soon. */
async function lastAnswers(transport: StdioTransport): Promise<void> {
  const until = performance.now() + LAST_ANSWERS_MS
  do await new Promise((resolve) => setTimeout(resolve, 5))
  while (transport.unanswered.size > 0 && performance.now() < until)
}
