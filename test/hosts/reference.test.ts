import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { ROOT } from './mcp-client.ts'

it('the reference pages are current', async () => {
  const script = join(ROOT, 'scripts', 'generate-reference.mjs')
  const { stdout } = await promisify(execFile)(process.execPath, [script, '--check'])
  expect(stdout).toContain('current')
})
