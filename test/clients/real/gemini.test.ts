import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
// @ts-expect-error a script without types
import { buildGeminiExtension } from '../../../scripts/build-plugin.mjs'
import { RealClient } from './client.ts'

const gemini = RealClient.find('gemini')

describe.skipIf(!gemini)('Gemini CLI', () => {
  let extension = ''
  beforeAll(async () => {
    extension = await buildGeminiExtension({ outdir: join(gemini!.place, 'build') })
    const settings = join(gemini!.env.HOME!, '.gemini')
    mkdirSync(settings)
    // Nobody is there to be asked.
    writeFileSync(join(settings, 'settings.json'), '{"security":{"folderTrust":{"enabled":false}}}')
  })
  afterAll(() => gemini!.remove())

  it('finds nothing wrong with the extension', async () => {
    const { code, stdout, stderr } = await gemini!.run(['extensions', 'validate', extension])
    expect(code, stdout + stderr).toBe(0)
    expect(stdout + stderr).toContain('successfully validated')
  })

  it('installs it, lists its skills, and connects to its server', async () => {
    const installed = await gemini!.run(['extensions', 'install', extension, '--consent'])
    expect(installed.code, installed.stdout + installed.stderr).toBe(0)
    const listed = await gemini!.run(['mcp', 'list'])
    expect(listed.stdout + listed.stderr).toMatch(/✓ ml \(from specweave-ml\).*Connected/)
    const { stdout, stderr } = await gemini!.run(['extensions', 'list'])
    for (const skill of [
      'ml-pipeline-orchestrator',
      'experiment-tracker',
      'model-evaluator',
      'feature-engineer',
    ])
      expect(stdout + stderr).toContain(`${skill}: Use when`)
  })
})
