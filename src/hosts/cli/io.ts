import pc from 'picocolors'
import type { ToolContext } from '../../tools/context.ts'
import { namedPlace, openWorkspaceAt, type Place, workspaceRoot } from '../calls/find-workspace.ts'
import { invocation } from './invocation.ts'
import { commandText } from './quote.ts'

export type Colours = ReturnType<typeof pc.createColors>

/** What a command of the CLI has of the world. */
export interface CliIo {
  /** Writes lines to stdout: results. */
  out(text: string): void
  /** Writes lines to stderr: progress, refusals, hints. */
  err(text: string): void
  /** Whether a person reads stdout, stderr; whether one types on stdin. */
  terminal: { stdin: boolean; stdout: boolean; stderr: boolean }
  columns: number
  rows: number
  colours: Colours
  /** How a command for people begins here: the program as it was started, with the workspace where it was named. */
  program: string
  place: Place
  /** Aborted by the first Ctrl-C. */
  signal: AbortSignal
  /** For tools and for whatever wants the workspace as tools get it. */
  context(progress?: ToolContext['progress']): ToolContext
  readStdin(): Promise<string>
}

/** The process's own streams. @param workspace the folder of `--workspace` */
export function processIo(workspace: string | undefined, signal: AbortSignal): CliIo {
  const { stdin, stdout, stderr } = process
  const place = namedPlace(workspace) ?? { folder: process.cwd(), named: false }
  const terminal = {
    stdin: stdin.isTTY === true,
    stdout: stdout.isTTY === true,
    stderr: stderr.isTTY === true,
  }
  return {
    out: (text) => void stdout.write(`${text}\n`),
    err: (text) => void stderr.write(`${text}\n`),
    terminal,
    columns: stdout.columns ?? 100,
    rows: stdout.rows ?? 40,
    colours: pc.createColors(terminal.stdout && !process.env.NO_COLOR && process.env.TERM !== 'dumb'),
    program: programAt(workspace),
    place,
    signal,
    context: (progress = () => {}) => ({
      workspace: () => openWorkspaceAt(place),
      home: place,
      signal,
      progress,
    }),
    async readStdin() {
      const chunks: Buffer[] = []
      for await (const chunk of stdin) chunks.push(chunk as Buffer)
      return Buffer.concat(chunks).toString('utf8')
    },
  }
}

/** Repeats `--workspace` only where the working folder alone would lead elsewhere. */
function programAt(workspace: string | undefined): string {
  const program = invocation()
  if (!workspace) return program
  const here = workspaceRoot({ folder: process.cwd(), named: false })
  const named = workspaceRoot({ folder: workspace, named: true })
  return named !== undefined && named === here
    ? program
    : `${program} --workspace ${commandText([workspace])}`
}
