import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { Ajv } from 'ajv'
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base'
import { describe, expect, it } from 'vitest'
import { inputSchema } from '../../src/hosts/calls/json-schema.ts'
import { tools } from '../../src/tools/registry.ts'
import { callsIn } from '../clients/follower.ts'
import { pluginTexts, ROOT } from './plugin-texts.ts'

const texts = pluginTexts('commands', 'skills', 'agents')
const skills = texts.filter(({ path }) => path.endsWith('/SKILL.md'))
const names = new Set(tools.map(({ name }) => name))
/** What begins like a tool's name. */
const verbs = [...new Set(tools.map(({ name }) => name.split('_')[0]))].join('|')
const LIKE_A_TOOL = new RegExp(String.raw`(?<=[\`_ ]|__)(?:${verbs})_[a-z_]+\b`, 'g')
/** Names of other things that begin so. */
const NOT_TOOLS = new Set(['run_dir'])

describe.each(texts.map((text) => [text.path, text] as const))('%s', (_path, { path, front, body }) => {
  it('names tools that there are', () => {
    const text = `${front.tools ?? ''} ${front.description ?? ''}\n${body}`
    for (const [name] of text.matchAll(LIKE_A_TOOL))
      if (!NOT_TOOLS.has(name)) expect(names, `${path} names ${name}`).toContain(name)
  })

  it('shows calls that their tools accept', () => {
    for (const { tool, arguments: given } of callsIn(body)) {
      const known = tools.find(({ name }) => name === tool)
      expect(known, `${path} calls ${tool}`).toBeDefined()
      const check = new Ajv({ strict: false }).compile(withPlaceholders(inputSchema(known!)))
      check(given)
      // A call may leave out what only the user knows; what stands there must fit.
      const problems = (check.errors ?? []).filter(({ keyword }) => keyword !== 'required')
      expect(problems, `${path}: ${tool} ${JSON.stringify(given)}`).toEqual([])
    }
  })

  it('names commands and files that there are', () => {
    for (const [, name = ''] of body.matchAll(/\/sw:([a-z:-]+)/g))
      expect(existsSync(join(ROOT, 'commands', `${name.replaceAll(':', '/')}.md`)), `/sw:${name}`).toBe(true)
    for (const [, link = ''] of body.matchAll(/\]\(([\w./-]+)\)/g))
      expect(existsSync(join(ROOT, dirname(path), link)), link).toBe(true)
    for (const [link] of body.matchAll(/\bresources\/[\w./-]+\.\w+/g))
      expect(existsSync(join(ROOT, dirname(path), link)), link).toBe(true)
  })
})

/** `<increment>` may stand where a value comes from the user or from an answer. */
function withPlaceholders(schema: unknown): object {
  const open = (part: unknown): unknown => {
    if (Array.isArray(part)) return part.map(open)
    if (typeof part !== 'object' || part === null) return part
    const inner = Object.fromEntries(Object.entries(part).map(([key, value]) => [key, open(value)]))
    return 'enum' in inner || 'pattern' in inner
      ? { anyOf: [inner, { type: 'string', pattern: '^<.*>$' }] }
      : inner
  }
  return open(schema) as object
}

describe('the skills', () => {
  it('have the name of their folder, say when to use them, and stay short', () => {
    for (const { path, front, body } of skills) {
      expect(front.name).toBe(basename(dirname(path)))
      expect(front.description).toMatch(/^Use when /)
      expect(front.description!.length).toBeLessThan(1024)
      expect(countTokens(body), path).toBeLessThan(1500)
    }
  })

  it('know the words by which users ask for the loop', () => {
    const { front } = skills.find(({ path }) => path.includes('ml-pipeline-orchestrator'))!
    for (const words of [
      'ML pipeline',
      'train a model',
      'build an ML system',
      'end-to-end ML',
      'ML workflow',
      'model training pipeline',
    ])
      expect(front.description).toContain(`"${words}"`)
  })

  it('hold the iron laws', () => {
    const { body } = skills.find(({ path }) => path.includes('ml-pipeline-orchestrator'))!
    for (const law of [
      'Never evaluate on training data',
      'Test only at the end',
      'No number without evidence',
      'Baseline first',
      'Record failures',
    ])
      expect(body).toContain(`**${law}.**`)
  })

  it('lead to every tool of the loop', () => {
    const all = texts.map(({ body, front }) => `${front.tools ?? ''}${body}`).join('\n')
    for (const name of names) expect(all, name).toMatch(new RegExp(String.raw`(?:\b|__)${name}\b`))
  })

  it('cost little in every session', () => {
    const always = texts
      .filter(({ front }) => front.description)
      .map(({ path, front }) => `${front.name ?? basename(path, '.md')}: ${front.description}`)
      .join('\n')
    expect(countTokens(always)).toBeLessThan(1200)
  })
})

it('the plugin has the version of the package', () => {
  const read = (path: string) => JSON.parse(readFileSync(join(ROOT, path), 'utf8'))
  expect(read('.claude-plugin/plugin.json').version).toBe(read('package.json').version)
})
