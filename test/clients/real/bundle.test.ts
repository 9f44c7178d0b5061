import { join } from 'node:path'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
// @ts-expect-error a script without types
import { buildBundle } from '../../../scripts/build-plugin.mjs'
import { tools } from '../../../src/tools/registry.ts'
import { RealClient } from './client.ts'

const mcpb = RealClient.find('mcpb')!

describe('the MCPB bundle', () => {
  let bundle = ''
  beforeAll(async () => {
    bundle = await buildBundle({ outdir: join(mcpb.place, 'build') })
  })
  afterAll(() => mcpb.remove())

  it('has a manifest that its own program finds valid', async () => {
    const { code, stdout, stderr } = await mcpb.run([
      'validate',
      join(mcpb.place, 'build/mcpb/manifest.json'),
    ])
    expect(code, stdout + stderr).toBe(0)
    expect((await mcpb.run(['info', bundle])).stdout).toContain('specweave-ml')
  })

  it('unpacked, is a server with every tool, in the project that its user chose', async () => {
    const folder = join(mcpb.place, 'unpacked')
    const { code, stdout, stderr } = await mcpb.run(['unpack', bundle, folder])
    expect(code, stdout + stderr).toBe(0)
    const client = new Client({ name: 'desktop', version: '1' })
    const env = { ...mcpb.env, SPECWEAVE_WORKSPACE: mcpb.project }
    const args = [join(folder, 'dist/main.js'), 'serve']
    await client.connect(
      new StdioClientTransport({ command: 'node', args, cwd: '/', env, stderr: 'inherit' }),
    )
    try {
      expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(tools.map(({ name }) => name))
      const { structuredContent } = await client.callTool({
        name: 'create_increment',
        arguments: { title: 'build a churn model', problem_type: 'classification' },
      })
      expect(JSON.stringify(structuredContent)).toContain(join(mcpb.project, '.specweave'))
    } finally {
      await client.close()
    }
  })
})
