import { realpathSync } from 'node:fs'
import { join } from 'node:path'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
// @ts-expect-error a script without types
import { buildCodexPlugin } from '../../../scripts/build-plugin.mjs'
import { RealClient } from './client.ts'

const codex = RealClient.find('codex')

interface Listed {
  name: string
  enabled: boolean
  transport: { command: string; args: string[]; cwd: string; env_vars: string[] }
}

describe.skipIf(!codex)('Codex', () => {
  beforeAll(async () => {
    const marketplace = await buildCodexPlugin({ outdir: join(codex!.place, 'build') })
    for (const words of [
      ['plugin', 'marketplace', 'add', marketplace],
      ['plugin', 'add', 'sw@specweave-ml'],
    ]) {
      const { code, stdout, stderr } = await codex!.run(words)
      expect(code, stdout + stderr).toBe(0)
    }
  })
  afterAll(() => codex!.remove())

  it('lists the plugin as installed and enabled', async () => {
    const { stdout } = await codex!.run(['plugin', 'list', '--json'])
    expect(JSON.parse(stdout).installed).toContainEqual(
      expect.objectContaining({ pluginId: 'sw@specweave-ml', installed: true, enabled: true }),
    )
  })

  it('lists a server that connects, and works in the folder in which Codex was started', async () => {
    const { stdout } = await codex!.run(['mcp', 'list', '--json'])
    const [server] = (JSON.parse(stdout) as Listed[]).filter(({ name }) => name === 'ml')
    expect(server).toMatchObject({ enabled: true })
    const { command, args, cwd, env_vars: handedOn } = server!.transport
    const given: Record<string, string> = { ...codex!.env, PWD: codex!.project }
    const env = Object.fromEntries(
      ['PATH', 'HOME', ...handedOn].flatMap((name) => (given[name] ? [[name, given[name]]] : [])),
    )
    const client = new Client({ name: 'codex-mcp-client', version: '1' })
    await client.connect(new StdioClientTransport({ command, args, cwd, env, stderr: 'inherit' }))
    try {
      const { structuredContent } = await client.callTool({
        name: 'create_increment',
        arguments: { title: 'build a churn model', problem_type: 'classification' },
      })
      expect(JSON.stringify(structuredContent)).toContain(
        `made the workspace ${join(realpathSync(codex!.project), '.specweave')}`,
      )
    } finally {
      await client.close()
    }
  })
})
