import { execFileSync } from 'node:child_process'
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
// @ts-expect-error a script without types
import { buildClaudePlugin } from '../../../scripts/build-plugin.mjs'
import { Follower } from '../follower.ts'
import { RealClient, ROOT } from './client.ts'
import { MessagesStub } from './messages-stub.ts'

const claude = RealClient.find('claude')
/** What the user would say when asked. */
const ANSWERS = {
  problem_type: 'classification',
  success_metrics: ['roc_auc >= 0.75'],
  source: 'churn.csv',
  target: 'churn',
  name: 'churn',
}
const COMMANDS = ['/sw:inc build a churn model', '/sw:do', '/sw:validate', '/sw:done']

interface Init {
  type: string
  subtype?: string
  tools: string[]
  mcp_servers: { name: string; status: string }[]
  slash_commands: string[]
  skills: string[]
  agents: string[]
}

describe.skipIf(!claude)('Claude Code', () => {
  let marketplace = ''
  let plugin = ''
  beforeAll(async () => {
    marketplace = await buildClaudePlugin({ outdir: join(claude!.place, 'build') })
    plugin = join(marketplace, 'sw')
  })
  afterAll(() => claude!.remove())

  it('finds nothing wrong with the plugin and the marketplace', async () => {
    const strict = await claude!.run(['plugin', 'validate', '--strict', '--profile', 'directory', plugin])
    expect(strict.code, strict.stdout + strict.stderr).toBe(0)
    expect(strict.stdout).not.toContain('⚠')
    const market = await claude!.run(['plugin', 'validate', '--strict', marketplace])
    expect(market.code, market.stdout + market.stderr).toBe(0)
  })

  it('installs it from the marketplace, and connects to its server', async () => {
    const began = performance.now()
    for (const words of [
      ['plugin', 'marketplace', 'add', marketplace],
      ['plugin', 'install', 'sw@specweave-ml'],
    ]) {
      const { code, stdout, stderr } = await claude!.run(words)
      expect(code, stdout + stderr).toBe(0)
    }
    const { stdout } = await claude!.run(['mcp', 'list'])
    expect(stdout).toMatch(/plugin:sw:ml: .*✔ Connected/)
    console.log(`from the packed plugin to a connected server: ${Math.round(performance.now() - began)} ms`)
  })

  it('finds nothing wrong with it under its other name', async () => {
    const other = join(
      await buildClaudePlugin({ outdir: join(claude!.place, 'other'), name: 'sw-ml' }),
      'sw-ml',
    )
    const { code, stdout, stderr } = await claude!.run(['plugin', 'validate', '--strict', other])
    expect(code, stdout + stderr).toBe(0)
    expect(stdout).toContain('sw-ml:inc')
    const agent = readFileSync(join(other, 'agents/ml-engineer.md'), 'utf8')
    expect(agent).toContain('mcp__plugin_sw-ml_ml__get_run')
    expect(agent).not.toContain('mcp__plugin_sw_')
  })

  it('offers every command, skill, agent and tool of it', async () => {
    const stub = new MessagesStub(new Follower({}))
    const { init } = await session(await stub.listen(), '/sw:status')
    stub.close()
    expect(init.mcp_servers).toContainEqual(
      expect.objectContaining({ name: 'plugin:sw:ml', status: 'connected' }),
    )
    const names = (folder: string) =>
      (readdirSync(join(ROOT, folder), { recursive: true }) as string[])
        .filter((file) => (folder === 'skills' ? file.endsWith('/SKILL.md') : file.endsWith('.md')))
        .map((file) => `sw:${file.replace(/\/SKILL\.md$|\.md$/, '').replaceAll('/', ':')}`)
    expect(init.slash_commands).toEqual(expect.arrayContaining(names('commands')))
    expect(init.slash_commands.filter((name) => name.startsWith('mcp__'))).toEqual([])
    expect(init.skills).toEqual(expect.arrayContaining(names('skills')))
    expect(init.agents).toEqual(expect.arrayContaining(names('agents')))
    const { tools } = await import('../../../src/tools/registry.ts')
    expect(init.tools).toEqual(expect.arrayContaining(tools.map(({ name }) => `mcp__plugin_sw_ml__${name}`)))
  })

  it('tells an agent where its program is', async () => {
    const stub = new MessagesStub(new Follower({}))
    await session(await stub.listen(), 'What does the machine lack?', ['--agent', 'sw:mlops-engineer'])
    stub.close()
    expect(JSON.stringify(stub.requests)).toMatch(/`node \\"\/[^"$]+\/dist\/main\.js\\" doctor`/)
  })

  it('tells the assistant by a hook what ended since', async () => {
    claude!.emptyProject()
    const call = (tool: string, args: object) =>
      execFileSync(process.execPath, [join(ROOT, 'dist/main.js'), 'call', tool, JSON.stringify(args)], {
        cwd: claude!.project,
        env: claude!.env,
      })
    call('create_increment', { title: 'build a churn model', problem_type: 'classification' })
    call('run_experiment', { increment: '0001', name: 'broken', command: ['false'], wait_s: 40 })
    const stub = new MessagesStub(new Follower({}))
    await session(await stub.listen(), '/sw:status')
    stub.close()
    expect(JSON.stringify(stub.requests)).toContain('0001/exp-001-broken failed (exit code 1)')
  })

  it('is carried from /sw:inc to /sw:done by what commands and answers say', async () => {
    const { made, loop } = await calls(COMMANDS)
    console.log(`calls of the loop: ${loop.length}, of ${made.length}: ${made.join(', ')}`)
    expect(loop).toContain('complete_increment')
    expect(loop.length).toBeLessThanOrEqual(15)
    expect(status()).toBe('completed')
  })

  it('is carried by the skill where the user just says what they want', async () => {
    const { made } = await calls(['Please train a model that predicts churn'])
    console.log(`calls by the skill: ${made.length}: ${made.join(', ')}`)
    expect(made).toContain('complete_increment')
    expect(status()).toBe('completed')
  })

  it('is not carried where commands and skills say nothing, or no answer has a next', async () => {
    const silent = join(claude!.place, 'silent')
    cpSync(plugin, silent, { recursive: true })
    const files = readdirSync(join(silent, 'commands'), { recursive: true }) as string[]
    for (const file of files.filter((name) => name.endsWith('.md')))
      writeFileSync(join(silent, 'commands', file), '---\ndescription: Says nothing\n---\n$ARGUMENTS\n')
    const skill = join(silent, 'skills/ml-pipeline-orchestrator/SKILL.md')
    writeFileSync(skill, readFileSync(skill, 'utf8').replace(/^# [\s\S]*$/m, ''))
    expect((await calls(COMMANDS, { plugin: silent })).made).toEqual([])
    expect((await calls(['Please train a model that predicts churn'], { plugin: silent })).made).toEqual([])
    expect((await calls(COMMANDS, { deaf: true })).made).not.toContain('complete_increment')
  })

  function status(): string {
    const increments = join(claude!.project, '.specweave/increments')
    const [folder = ''] = readdirSync(increments)
    return JSON.parse(readFileSync(join(increments, folder, 'metadata.json'), 'utf8')).status
  }

  /** A session of its own, in an empty project with a data file. @returns the tools that were called, and those of the loop. */
  async function calls(
    said: readonly string[],
    { plugin: used, deaf }: { plugin?: string; deaf?: boolean } = {},
  ): Promise<{ made: string[]; loop: string[] }> {
    const follower = new Follower(ANSWERS, deaf)
    const stub = new MessagesStub(follower)
    const url = await stub.listen()
    try {
      claude!.emptyProject()
      cpSync(join(ROOT, 'examples/churn/churn.csv'), join(claude!.project, 'churn.csv'))
      for (const [number, words] of said.entries())
        await session(url, words, [
          ...(number > 0 ? ['--continue'] : []),
          ...(used ? ['--plugin-dir', used] : []),
        ])
    } finally {
      stub.close()
    }
    return { made: follower.made.map(({ tool }) => tool), loop: follower.loop }
  }

  async function session(url: string, words: string, more: string[] = []): Promise<{ init: Init }> {
    const { stdout, stderr } = await claude!.run(
      [
        ...[
          '-p',
          words,
          '--output-format',
          'stream-json',
          '--verbose',
          '--allowedTools',
          'mcp__plugin_sw_ml',
        ],
        ...more,
      ],
      { env: { ANTHROPIC_BASE_URL: url, ANTHROPIC_API_KEY: 'sk-ant-stub' } },
    )
    const lines = stdout.split('\n').filter((line) => line.startsWith('{'))
    expect(lines.length, stderr).toBeGreaterThan(0)
    return { init: lines.map((line) => JSON.parse(line) as Init).find(({ subtype }) => subtype === 'init')! }
  }
})
