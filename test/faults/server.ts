import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { MAIN } from '../support/lab-workspace.ts'

export interface ServerOptions {
  root: string
  env: Record<string, string>
  /** Command that starts the server's own, such as `unshare --uts`. */
  within?: string[]
}

/** A run as `get_run` shows it. */
export interface ShownRun {
  run: string
  state: string
  reason?: string
  reused?: boolean
  exit_code?: number
  duration_s?: number
  asleep_s?: number
  warnings: string[]
  notes?: string[]
  metrics: { name: string; source: string; split?: string; value: number | string }[]
  curves?: { name: string; points: number; sample: [number, number][] }[]
  logs: { stdout: string[]; stderr: string[] }
}

export interface Answer {
  refused: boolean
  content: Record<string, unknown>
}

/** A real server process and its client. */
export class Server {
  readonly client: Client
  readonly #transport: StdioClientTransport
  #stderr = ''

  private constructor(client: Client, transport: StdioClientTransport) {
    this.client = client
    this.#transport = transport
    transport.stderr?.on('data', (chunk) => {
      this.#stderr += chunk
    })
  }

  static async start({ root, env, within = [] }: ServerOptions): Promise<Server> {
    const [command = '', ...args] = [...within, process.execPath, MAIN, 'serve', '--workspace', root]
    const transport = new StdioClientTransport({ command, args, cwd: root, env, stderr: 'pipe' })
    const client = new Client({ name: 'test', version: '1' })
    const server = new Server(client, transport)
    await client.connect(transport)
    return server
  }

  get pid(): number {
    return this.#transport.pid!
  }

  get stderr(): string {
    return this.#stderr
  }

  async answer(tool: string, args: object = {}): Promise<Answer> {
    const result = await this.client.callTool({ name: tool, arguments: { ...args } }, undefined, {
      timeout: 250_000,
    })
    return { refused: result.isError === true, content: result.structuredContent as Answer['content'] }
  }

  /** A call that must be carried out. */
  async call<T>(tool: string, args: object = {}): Promise<T> {
    const { refused, content } = await this.answer(tool, args)
    if (refused) throw new Error(`${tool} was refused: ${JSON.stringify(content)}`)
    return content as T
  }

  async close(): Promise<void> {
    await this.client.close()
  }
}
