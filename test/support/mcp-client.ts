import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { MAIN } from './lab-workspace.ts'

export interface Connected {
  client: Client
  /** Of the server's process. */
  pid: number
  /** @returns structuredContent; fails where the tool refused. */
  call<T = Record<string, unknown>>(name: string, args: Record<string, unknown>): Promise<T>
}

/** A real client of the real server over stdio. */
export async function connect(root: string, env: Record<string, string> = {}): Promise<Connected> {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [MAIN, 'serve', '--workspace', root],
    env: { ...(process.env as Record<string, string>), ...env },
    stderr: 'ignore',
  })
  const client = new Client({ name: 'test', version: '1.0.0' })
  await client.connect(transport)
  return {
    client,
    pid: transport.pid!,
    async call(name, args) {
      const result = await client.callTool({ name, arguments: args }, undefined, { timeout: 200_000 })
      if (result.isError) throw new Error(JSON.stringify(result.structuredContent ?? result.content))
      return result.structuredContent as never
    },
  }
}
