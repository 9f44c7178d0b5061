import { mkdtempSync, realpathSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fillPrompt, type PromptFile } from '../../src/hosts/mcp/prompts.ts'
import { tools } from '../../src/tools/registry.ts'
import { connect, PROGRAM, type Session } from '../hosts/mcp-client.ts'
import { removeFolder } from '../support/remove-folder.ts'
import { pluginTexts } from './plugin-texts.ts'

const SKILLS = ['experiment-tracker', 'feature-engineer', 'ml-pipeline-orchestrator', 'model-evaluator']

let place: string
let session: Session
let read: (uri: string) => Promise<string>
let prompt: (name: string, given?: Record<string, string>) => Promise<string>

beforeAll(async () => {
  place = realpathSync(mkdtempSync(join(tmpdir(), 'specweave-prompts-')))
  session = await connect(PROGRAM, { cwd: place })
  read = async (uri) => {
    const { contents } = await session.client.readResource({ uri })
    return (contents[0] as { text: string }).text
  }
  prompt = async (name, given = {}) => {
    const { messages } = await session.client.getPrompt({ name, arguments: given })
    return (messages[0]!.content as { text: string }).text
  }
})
afterAll(async () => {
  await session.client.close()
  await removeFolder(place)
})

/** Every text that a client without commands and skills is given, by prompt or address. */
async function everyText(): Promise<[where: string, text: string][]> {
  const { prompts } = await session.client.listPrompts()
  const { resources } = await session.client.listResources()
  return Promise.all([
    ...prompts.map(
      async ({ name }): Promise<[string, string]> => [
        name,
        await prompt(name, { feature: 'churn', run: '0001/exp-001-a' }),
      ],
    ),
    ...resources.map(async ({ uri }): Promise<[string, string]> => [uri, await read(uri)]),
  ])
}

describe('what a client without commands and skills is given', () => {
  it('holds every command, every skill, and what skills refer to', async () => {
    const { prompts } = await session.client.listPrompts()
    const names = prompts.map(({ name }) => name)
    const files = pluginTexts('commands').map(({ path }) =>
      path.replace(/^commands\/|\.md$/g, '').replaceAll('/', '-'),
    )
    expect(names).toEqual([...files, ...SKILLS])
    const { resources } = await session.client.listResources()
    const uris = resources.map(({ uri }) => uri)
    for (const { path, front } of pluginTexts('skills')) {
      const [, skill = '', reference] = /^skills\/([^/]+)\/(?:SKILL|references\/(.+))\.md$/.exec(path) ?? []
      expect(uris).toContain(`specweave://skill/${skill}${reference ? `/${reference}` : ''}`)
      if (reference) continue
      expect(prompts.find(({ name }) => name === skill)?.description).toBe(front.description)
      expect(resources.find(({ uri }) => uri.endsWith(`skill/${skill}`))?.description).toBe(front.description)
    }
  })

  it('names only prompts, addresses and tools that there are', async () => {
    const { prompts } = await session.client.listPrompts()
    const names = prompts.map(({ name }) => name)
    const offered = new Set(tools.map(({ name }) => name))
    let addresses = 0
    for (const [where, text] of await everyText()) {
      expect(text, where).not.toMatch(/\/sw:|\$ARGUMENTS|\bskill `?[a-z]+-[a-z]+|\]\((?!specweave:)/)
      for (const [, name] of text.matchAll(/the prompt `([^`]+)`/g)) expect(names, where).toContain(name)
      for (const [uri] of text.matchAll(/specweave:\/\/[\w/-]+/g)) {
        expect((await read(uri)).length, `${where}: ${uri}`).toBeGreaterThan(100)
        addresses++
      }
      for (const [, name] of text.matchAll(/`([a-z]+_[a-z_]+) \{/g)) expect(offered, where).toContain(name)
    }
    expect(addresses).toBeGreaterThan(10)
  })

  it('leads on from one prompt to the next, and to the skill that holds the loop', async () => {
    expect(await prompt('inc', { feature: 'churn' })).toMatch(
      /go on as with the prompt `do`: .* The resource specweave:\/\/skill\/ml-pipeline-orchestrator holds/s,
    )
    const loop = await prompt('ml-pipeline-orchestrator')
    expect(loop).toBe(await read('specweave://skill/ml-pipeline-orchestrator'))
    for (const part of ['## Iron laws', '## Checklist', '## Red flags']) expect(loop).toContain(part)
    expect(loop).toContain('[guardrails](specweave://skill/ml-pipeline-orchestrator/guardrails)')
    expect(await read('specweave://skill/ml-pipeline-orchestrator/troubleshooting.md')).toContain(
      '[smallest script](specweave://skill/ml-pipeline-orchestrator/script)',
    )
  })

  it('names the file of a skill by a path that is there', async () => {
    const [path = ''] = /\S+experiment-tracker\.py/.exec(await prompt('experiment-tracker')) ?? []
    expect(path).toMatch(/^\//)
    const { existsSync } = await import('node:fs')
    expect(existsSync(path)).toBe(true)
  })

  it('completes names of skills and of their texts', async () => {
    const complete = async (argument: { name: string; value: string }, known = {}) =>
      (
        await session.client.complete({
          ref: { type: 'ref/resource', uri: 'specweave://skill/{skill}/{reference}' },
          argument,
          context: { arguments: known },
        })
      ).completion.values
    expect(await complete({ name: 'skill', value: 'm' })).toEqual(
      ['ml-pipeline-orchestrator', 'model-evaluator', 'experiment-tracker', 'feature-engineer'].filter(
        (name) => name.includes('m'),
      ),
    )
    expect(await complete({ name: 'reference', value: '' }, { skill: 'experiment-tracker' })).toEqual([
      'long-runs',
    ])
    expect(await complete({ name: 'reference', value: '' }, { skill: '../..' })).toEqual([])
  })

  it.each([
    ['specweave://skill/model-evaluater', 'Did you mean model-evaluator?'],
    ['specweave://skill/model-evaluator/metric', 'Did you mean metrics?'],
    ['specweave://skill/model-evaluator/../../x', 'leads outside'],
    ['specweave://skill/..%2f..', 'leads outside'],
    ['specweave://skill/a/b/c', 'No resource has the address'],
  ])('refuses %s', async (uri, message) => {
    await expect(session.client.readResource({ uri })).rejects.toThrow(message)
  })

  it('is left out for a plugin, which has commands and skills of its own', async () => {
    const plugin = await connect(PROGRAM, { args: ['serve', '--no-prompts'], cwd: place })
    const { resources } = await plugin.client.listResources()
    expect(resources.map(({ uri }) => uri)).toEqual(['specweave://guide/script'])
    const { resourceTemplates } = await plugin.client.listResourceTemplates()
    expect(JSON.stringify(resourceTemplates)).not.toContain('skill')
    // The server's instructions name it.
    const { contents } = await plugin.client.readResource({
      uri: 'specweave://skill/ml-pipeline-orchestrator',
    })
    expect(contents).toHaveLength(1)
    await plugin.client.close()
  })
})

describe('what is said where an argument is', () => {
  const first = async (name: string, given?: Record<string, string>) =>
    (await prompt(name, given)).split('\n')[0]

  it('named', async () => {
    expect(await first('do', { increment: '0042' })).toBe('Work on increment 0042.')
    expect(await first('status', { increment: '0042' })).toBe('Say where increment 0042 stands.')
    expect(await first('evaluate', { run: '0042/exp-003-a', split: 'test' })).toBe(
      'Evaluate: run 0042/exp-003-a, split test.',
    )
    expect(await first('reproduce', { run: '0042/exp-003-a' })).toBe('Reproduce run 0042/exp-003-a.')
    expect(await first('inc', { feature: 'a churn model' })).toMatch(/for: a churn model$/)
    expect(await first('github-create-issue', { title: 'Retrain ($ARGUMENTS)' })).toBe(
      'Make a GitHub issue: title Retrain ($ARGUMENTS).',
    )
  })

  it('not named', async () => {
    expect(await first('do')).toBe('Work on the active increment.')
    expect(await first('done')).toBe('Close the active increment.')
    expect(await first('validate', { increment: ' ' })).toBe('Validate the active increment.')
    expect(await first('status')).toBe('Say where the active increment stands.')
    expect(await first('sync-docs')).toBe('Synchronise the living documents: mode update, all increments.')
    expect(await first('github-create-issue')).toBe(
      'Make a GitHub issue: for the active increment, under its title.',
    )
  })

  it('is a rule, not a list', () => {
    const made = (body: string, given = {}) =>
      fillPrompt({ body, arguments: [{ name: 'increment' }] } as PromptFile, given)
    const body = 'Judge increment $ARGUMENTS\n(where none is named, the active\nincrement) now: $ARGUMENTS.'
    expect(made(body, { increment: '$& 7' })).toBe('Judge increment $& 7 now: $& 7.')
    expect(made(body)).toBe('Judge the active\nincrement now: .')
  })
})
