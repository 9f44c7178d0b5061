import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { METRICS } from '../../src/core/metrics.ts'
import { PROBLEM_TYPES } from '../../src/core/problem-types.ts'
import { RUN_STATES } from '../../src/core/run-state.ts'
import { inputSchema, outputSchema } from '../../src/hosts/calls/json-schema.ts'
import { tools } from '../../src/tools/registry.ts'
import { pluginTexts, ROOT } from './plugin-texts.ts'

const texts = pluginTexts('commands', 'skills', 'agents')

/** Every key, and every value of an enumeration, in a schema. */
function namesIn(part: unknown): string[] {
  if (Array.isArray(part)) return part.flatMap(namesIn)
  if (typeof part !== 'object' || part === null) return []
  return Object.entries(part).flatMap(([key, value]) => {
    if (key === 'properties')
      return [...Object.keys(value as object), ...namesIn(Object.values(value as object))]
    if (key === 'enum' || key === 'const') return [value].flat().map(String)
    return namesIn(value)
  })
}

/** Names that scripts import, define or hand over in the SDK. */
function sdkNames(): string[] {
  const folder = join(ROOT, 'python/sdk/specweave')
  return readdirSync(folder)
    .filter((file) => file.endsWith('.py'))
    .flatMap((file) => readFileSync(join(folder, file), 'utf8').match(/\b[a-z]+(?:_[a-z0-9]+)+\b/g) ?? [])
}

/** Fields of the record of a run, which answers hand on as they are. */
function recordNames(): string[] {
  return readFileSync(join(ROOT, 'src/runs/record.ts'), 'utf8').match(/\b[a-z]+(?:_[a-z]+)+(?=\??:)/g) ?? []
}

/** What a check is called: `candidate.model_saved`. */
function checkNames(): string[] {
  const folder = join(ROOT, 'src/increments')
  return readdirSync(folder).flatMap((file) =>
    [...readFileSync(join(folder, file), 'utf8').matchAll(/'[a-z]+\.([a-z]+(?:_[a-z]+)+)'/g)].map(
      ([, name]) => name!,
    ),
  )
}

const known = new Set([
  ...tools.flatMap((tool) => [tool.name, ...namesIn(inputSchema(tool)), ...namesIn(outputSchema(tool))]),
  ...Object.keys(METRICS),
  ...PROBLEM_TYPES,
  ...RUN_STATES,
  ...sdkNames(),
  ...recordNames(),
  ...checkNames(),
])

/** Names of scikit-learn, and of an example's parameter. */
const OF_OTHERS = new Set(['fit_transform', 'class_weight', 'learning_rate'])

describe.each(texts.map((text) => [text.path, text] as const))('%s', (_path, { front, body }) => {
  it('names arguments, fields, values and functions that there are', () => {
    // Code of examples, with names of its own, is run elsewhere.
    const prose = `${front.description ?? ''}\n${body.replace(/```[\s\S]*?```/g, '')}`
    const named = prose.match(/(?<![\w/-])[a-z]+(?:_[a-z0-9]+)+\b/g) ?? []
    expect(named.filter((name) => !known.has(name) && !OF_OTHERS.has(name))).toEqual([])
  })
})

it('the names that there are do not hold one that there was', () => {
  expect(known).not.toContain('log_tail')
})

const agents = pluginTexts('agents')
/** Tools of Claude Code that agents are given. */
const OF_THE_CLIENT = ['Read', 'Grep', 'Glob', 'Edit', 'Write', 'Bash', 'ReadMcpResourceTool']

describe.each(agents.map((agent) => [agent.path, agent] as const))('%s', (_path, { front, body }) => {
  const given = front.tools!.split(/,\s*/)
  const ours = given.filter((name) => !OF_THE_CLIENT.includes(name))

  it('is given tools that there are', () => {
    expect(given).toHaveLength(new Set(given).size)
    for (const name of ours) expect(tools.map((tool) => `mcp__plugin_sw_ml__${tool.name}`)).toContain(name)
  })

  it('is given the tools that it is told to use', () => {
    const told = tools.map(({ name }) => name).filter((name) => body.includes(`\`${name}`))
    expect(ours).toEqual(expect.arrayContaining(told.map((name) => `mcp__plugin_sw_ml__${name}`)))
    if (body.includes('specweave://')) expect(given).toContain('ReadMcpResourceTool')
  })
})
