import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, describe, expect, it } from 'vitest'
import { tools } from '../../src/tools/registry.ts'
import { makePlace, SERVER, testPython } from './place.ts'
import { PROMPT_NAMES } from './prompt-names.ts'

interface Report {
  increment: string
  run: string
  server: string
  protocol: string
  listed: string[]
  without_schema: string[]
  called: string[]
  resources: string[]
  templates: string[]
  prompts: string[]
}

const place = makePlace()
afterAll(() => place.remove())

describe('the official Python MCP client', () => {
  it('carries real data through the loop by every tool, and validates every answer', {
    timeout: 300_000,
  }, async () => {
    const script = join(import.meta.dirname, 'every_tool.py')
    const { stdout } = await promisify(execFile)(testPython(), [script, ...SERVER], {
      cwd: place.project,
      env: place.env,
    })
    const report = JSON.parse(stdout) as Report
    expect(report.server).toBe('specweave-ml')
    expect(report.listed).toEqual(tools.map(({ name }) => name))
    // A tool that is new here fails until every_tool.py calls it.
    expect(report.called.toSorted()).toEqual(report.listed.toSorted())
    expect(report.without_schema).toEqual([])
    expect(report.resources).toEqual(
      expect.arrayContaining([
        'specweave://guide/script',
        `specweave://increment/${report.increment}/spec.md`,
        `specweave://run/${report.run}`,
        'specweave://dataset/churn/1',
      ]),
    )
    expect(report.templates).toContain('specweave://run/{+run}/log/{stream}')
    expect(report.prompts.toSorted()).toEqual(PROMPT_NAMES.toSorted())
    expect(
      existsSync(join(place.project, '.specweave', 'increments', `${report.increment}-churn-model`)),
    ).toBe(true)
  })
})
