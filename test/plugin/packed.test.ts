import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
// @ts-expect-error a script without types
import { buildClaudePlugin, buildGeminiExtension } from '../../scripts/build-plugin.mjs'
// @ts-expect-error a script without types
import { node24Folder } from '../../scripts/node24.mjs'
import { removeFolder } from '../support/remove-folder.ts'

let place: string
let project: string
let plugin: string

beforeAll(async () => {
  place = realpathSync(mkdtempSync(join(tmpdir(), 'specweave-packed-')))
  project = join(place, 'project')
  mkdirSync(project)
  plugin = join((await buildClaudePlugin({ outdir: join(place, 'build') })) as string, 'sw')
})
afterAll(() => removeFolder(place))

/** With nothing of ours on the PATH, in a Node that has a SQLite of its own: a plugin brings none. */
function ran(program: string, words: string[]) {
  const { status, stdout, stderr } = spawnSync(program, words, {
    cwd: project,
    encoding: 'utf8',
    env: {
      PATH: `${node24Folder()}:/usr/bin:/bin`,
      HOME: place,
      SPECWEAVE_STATE_DIR: join(place, 'state'),
    },
  })
  return { code: status, out: stdout, err: stderr }
}

describe('the packed plugin', () => {
  it("carries a script that starts the plugin's own program", () => {
    const script = join(plugin, 'skills/experiment-tracker/resources/scripts/experiment-tracker.py')
    const { code, err } = ran('python3', [script, '--config', 'none.yaml'])
    expect(code, err).toBe(1)
    expect(err).toContain('Refused (FILE_MISSING): none.yaml does not exist')
    expect(err).toContain(`cp ${join(plugin, 'templates/experiment-config.yaml')} none.yaml`)
  })

  it('says the commands for people as they work without anything else', () => {
    const call = (tool: string, given: object) =>
      ran('node', [join(plugin, 'dist/main.js'), 'call', tool, JSON.stringify(given)])
    expect(call('create_increment', { title: 'churn', problem_type: 'classification' }).code).toBe(0)
    const { out } = call('validate_increment', { increment: '0001' })
    const { next } = JSON.parse(out) as { next: { person?: string }[] }
    const [command = ''] = next.flatMap(({ person }) => person ?? [])
    expect(command).toBe(`node ${join(plugin, 'dist/main.js')} approve 0001`)
    const [program = '', ...words] = command.split(' ')
    expect(ran(program, words).err).toContain('TERMINAL_REQUIRED')
  })

  it('names files and programs of its own that there are', () => {
    const agents = join(plugin, 'agents')
    const named = readdirSync(agents).flatMap((file) => [
      ...readFileSync(join(agents, file), 'utf8').matchAll(/"\$\{CLAUDE_PLUGIN_ROOT\}\/([^"]+)" (\w+)/g),
    ])
    expect(named.length).toBeGreaterThan(0)
    for (const [, file = '', command = ''] of named) {
      const { code, out } = ran('node', [join(plugin, file), command, '--help'])
      expect(code, `${file} ${command}`).toBe(0)
      expect(out).toContain(`${command}: `)
    }
  })
})

it('the extension for Gemini CLI has every command, with its arguments in their place', async () => {
  const commands = join(
    (await buildGeminiExtension({ outdir: join(place, 'gemini') })) as string,
    'commands/sw',
  )
  const files = (readdirSync(commands, { recursive: true }) as string[]).filter((file) =>
    file.endsWith('.toml'),
  )
  expect(files).toHaveLength(9)
  for (const file of files) {
    const text = readFileSync(join(commands, file), 'utf8')
    expect(text).toContain('{{args}}')
    expect(text).not.toContain('$ARGUMENTS')
  }
})
