import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))
export const PROGRAM = join(ROOT, 'dist', 'main.js')

export interface Session {
  client: Client
  transport: StdioClientTransport
  stderr(): string
}

/** A real client on a real server process. @param roots what the client answers to roots/list; undefined: cannot */
export async function connect(
  script: string,
  options: { args?: string[]; cwd: string; env?: Record<string, string>; roots?: () => { uri: string }[] },
): Promise<Session> {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [script, ...(options.args ?? ['serve'])],
    cwd: options.cwd,
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', ...options.env },
    stderr: 'pipe',
  })
  let stderr = ''
  transport.stderr?.on('data', (chunk) => {
    stderr += chunk
  })
  const client = new Client(
    { name: 'test', version: '1' },
    { capabilities: options.roots ? { roots: { listChanged: true } } : {} },
  )
  if (options.roots) {
    const { ListRootsRequestSchema } = await import('@modelcontextprotocol/sdk/types.js')
    const { roots } = options
    client.setRequestHandler(ListRootsRequestSchema, () => ({ roots: roots() }))
  }
  await client.connect(transport)
  return { client, transport, stderr: () => stderr }
}
