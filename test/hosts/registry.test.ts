import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base'
import { describe, expect, it } from 'vitest'
import { Refusal } from '../../src/core/errors.ts'
import { inputSchema, outputSchema } from '../../src/hosts/calls/json-schema.ts'
import { flagsOf, keysOf } from '../../src/hosts/cli/flags.ts'
import { runCli } from '../../src/hosts/cli/run-cli.ts'
import { toolPage } from '../../src/hosts/mcp/tool-page.ts'
import { tools } from '../../src/tools/registry.ts'
import { fakeIo } from './fake-io.ts'
import { ROOT } from './mcp-client.ts'

/** Every assistant pays for this page at the start of every session: names, descriptions and inputs; and all of it. */
const ASKED_TOKENS = 5_000
const PAGE_TOKENS = 9_000

describe('the registry', () => {
  it('is one page that an assistant can afford', () => {
    expect(tools.length).toBeLessThanOrEqual(24)
    expect(new Set(tools.map(({ name }) => name)).size).toBe(tools.length)
    const tokens = (parts: unknown[]) =>
      parts.map((part) => countTokens(JSON.stringify(part))).reduce((sum, size) => sum + size, 0)
    const page = toolPage(tools)
    const asked = page.map(({ name, description, inputSchema }) => ({ name, description, inputSchema }))
    expect(tokens(asked)).toBeLessThanOrEqual(ASKED_TOKENS)
    expect(tokens(page)).toBeLessThanOrEqual(PAGE_TOKENS)
  })
})

describe.each(tools.map((tool) => [tool.name, tool] as const))('%s', (name, tool) => {
  it('is named verb_noun, in a file of its name, with a title and a description', () => {
    expect(name).toMatch(/^[a-z]+_[a-z]+(?:_[a-z]+)*$/)
    const file = join(ROOT, 'src', 'tools', `${name.replaceAll('_', '-')}.ts`)
    expect(existsSync(file)).toBe(true)
    expect(readFileSync(file, 'utf8')).toContain(`name: '${name}'`)
    expect(tool.title.length).toBeGreaterThan(3)
    expect(tool.description.length).toBeGreaterThan(40)
    expect(tool.description.length).toBeLessThan(2048)
  })

  it('has all four hints', () => {
    const hints = Object.entries(tool.annotations)
    expect(hints.map(([hint]) => hint).sort()).toEqual([
      'destructiveHint',
      'idempotentHint',
      'openWorldHint',
      'readOnlyHint',
    ])
    for (const [, value] of hints) expect(typeof value).toBe('boolean')
    if (tool.annotations.readOnlyHint) expect(tool.annotations.destructiveHint).toBe(false)
  })

  it('has object schemas in words of every draft', () => {
    for (const schema of [inputSchema(tool), outputSchema(tool)]) {
      expect(schema.type).toBe('object')
      expect(JSON.stringify(schema)).not.toMatch(/\$ref|prefixItems|"items":\[/)
    }
    for (const field of Object.keys(inputSchema(tool).properties ?? {}))
      expect(field).toMatch(/^[a-z][a-z0-9_]*$/)
  })

  it('publishes an output schema that a refusal fits as well', () => {
    const [listed] = toolPage([tool])
    const check = new Ajv({ strict: false }).compile(listed?.outputSchema ?? {})
    const refusal = new Refusal('INPUT_INVALID', 'no', {
      missing: ['name'],
      invalid: [{ field: 'a', problem: 'b' }],
      next: [
        { tool: 'x', arguments: { a: 1 }, why: 'y' },
        { person: 'z', why: 'w' },
      ],
    })
    expect(check(JSON.parse(JSON.stringify(refusal))), JSON.stringify(check.errors)).toBe(true)
  })

  it('has positional arguments that are fields, and examples', () => {
    const fields = Object.keys(tool.input.shape)
    for (const field of tool.command.positional ?? []) expect(fields).toContain(field)
    expect(tool.command.examples.length).toBeGreaterThan(0)
  })

  it.each(tool.command.examples)('reads its example: %s', async (example) => {
    const [program, command, ...words] = shellWords(example)
    expect(program).toBe('specweave-ml')
    let seen: unknown
    const spy = {
      ...tool,
      handle: async (input: unknown) => {
        seen = input
        throw new Refusal('FILE_MISSING', 'seen')
      },
    }
    const others = tools.map((other) => (other === tool ? spy : other))
    const io = fakeIo(ROOT)
    const code = await runCli([command ?? '', ...words], { tools: others, commands: [], io })
    expect({ code, error: io.stderr }).toEqual({ code: 1, error: 'Refused (FILE_MISSING): seen\n' })
    expect(seen).toBeDefined()
    expect(flagsOf(tool).length).toBe(Object.keys(tool.input.shape).length)
  })
})

describe('flags of keys and values', () => {
  const objects = tools.flatMap((tool) =>
    flagsOf(tool)
      .filter(({ kind }) => kind === 'map' || kind === 'maps')
      .map((flag) => [`${tool.name} ${flag.name}`, tool, flag] as const),
  )

  it.each(objects)('%s is described, and shown in an example', (_name, tool, flag) => {
    expect(flag.description).not.toBe('')
    const words = tool.command.examples.map((example) => shellWords(example))
    expect(
      words.some((line) => line.some((word, at) => word === flag.name && line[at + 1]?.includes('='))),
    ).toBe(true)
  })

  it('names keys alone that a flag of the command takes as well', async () => {
    const io = fakeIo(ROOT)
    await runCli(['run-experiment', '--help'], { tools, commands: [], io })
    expect(io.stdout).toMatch(/\n {6}as the flags: +name \(required\), command \(required\), dataset, /)
  })

  it.each(objects)('%s has all its keys in --help and in the reference', async (_name, tool, flag) => {
    const io = fakeIo(ROOT)
    await runCli([tool.name.replaceAll('_', '-'), '--help'], { tools, commands: [], io })
    // From its own line to that of the next flag.
    const [, below = ''] = new RegExp(`\\n {2}${flag.name} (.*?)\\n {2}-`, 's').exec(io.stdout) ?? []
    const page = readFileSync(join(ROOT, 'docs', 'reference', 'tools.md'), 'utf8')
    const [, section = ''] = page.split(`\n## ${tool.name}\n`)
    for (const { name } of keysOf(flag)) {
      expect(below).toMatch(new RegExp(`\\b${name}\\b`))
      expect(section.split('\n## ')[0]).toMatch(new RegExp(`\\| \`${flag.field}[^|]*\\|.*\\b${name}\\b`))
    }
  })
})

/** Words as a shell would part them; quotes only. */
function shellWords(line: string): string[] {
  return (line.match(/(?:[^\s"']+|"[^"]*"|'[^']*')+/g) ?? []).map((word) =>
    word.replace(/"([^"]*)"|'([^']*)'/g, (_all, double, single) => double ?? single),
  )
}
