import { execFile } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { ERROR_CODES } from '../../src/core/errors.ts'
import { commands } from '../../src/hosts/cli/commands.ts'
import { flagsOf } from '../../src/hosts/cli/flags.ts'
import { NOT_WAIVABLE } from '../../src/increments/gates.ts'
import { WorkspaceConfig } from '../../src/store/workspace-config.ts'
import { tools } from '../../src/tools/registry.ts'
import { anchors, commandLines, fences, localLinks, pages, ROOT, withoutFences } from './pages.ts'

const run = promisify(execFile)
const PYTHON = process.env.SPECWEAVE_TEST_PYTHON ?? 'python3'
const all = pages()

/** Flags of a command as they are typed; those of tools come from their schemas. */
function knownFlags(): Map<string, Set<string>> {
  const flags = new Map<string, Set<string>>()
  for (const tool of tools) {
    const names = new Set([...flagsOf(tool).map(({ name }) => name), '--json', '--workspace', '--help'])
    if (tool.name === 'get_run') names.add('--follow')
    if (tool.name === 'list_runs') names.add('--watch')
    if (tool.name === 'run_experiment') names.add('--config').add('--debug')
    flags.set(tool.name.replaceAll('_', '-'), names)
  }
  flags.set('run', flags.get('run-experiment')!)
  for (const { name, flags: own = [] } of commands)
    flags.set(name, new Set(own.map((line) => line.split(' ')[0]!)))
  flags.set('serve', new Set(['--read-only', '--workspace']))
  flags.set('call', new Set())
  flags.set('guide', new Set())
  flags.set('supervise', new Set())
  return flags
}

describe.each(all)('$path', (page) => {
  it('has links that lead somewhere', () => {
    const broken = localLinks(page).filter(({ file, anchor }) => {
      const path = join(ROOT, file)
      return !existsSync(path) || (anchor && !anchors(readFileSync(path, 'utf8')).has(anchor))
    })
    expect(broken.map(({ target }) => target)).toEqual([])
  })

  it('names only commands and flags that exist', () => {
    const known = knownFlags()
    const wrong = commandLines(page).filter((line) => {
      const [, name, ...rest] = line.split(/\s+/)
      if (name === undefined || name === '...' || /^[<-]/.test(name)) return false
      const flags = known.get(name)
      const own = rest.includes('--') ? rest.slice(0, rest.indexOf('--')) : rest
      const typed = own.filter((word) => /^--[a-z]/.test(word)).map((word) => word.split('=')[0]!)
      return !flags || typed.some((flag) => !flags.has(flag))
    })
    expect(wrong).toEqual([])
  })

  it('names only tools that exist', () => {
    const named = [...withoutFences(page.text).matchAll(/`([a-z]+_[a-z_]+)(?: [^`]*)?`/g)].map(
      ([, name = '']) => name,
    )
    const verbs = new Set([
      ...tools.map(({ name }) => name.split('_')[0]!),
      'tune',
      'explain',
      'reproduce',
      'promote',
      'deploy',
      'monitor',
      'record',
    ])
    const others = new Set(['run_experiments', 'run_dir'])
    const toolNames = new Set(tools.map(({ name }) => name))
    const unknown = named.filter(
      (name) => verbs.has(name.split('_')[0]!) && !toolNames.has(name) && !others.has(name),
    )
    expect(unknown).toEqual([])
  })

  it('names only error codes that exist', () => {
    const named = [...page.text.matchAll(/`([A-Z]{3,}(?:_[A-Z]+)+)`/g)].map(([, code = '']) => code)
    const variables = /^(?:(?:SPECWEAVE|XDG|CUDA|OMP|ML|NOUN)_|GITHUB_(?:\w*TOKEN|\w+_URL)$)/
    expect(named.filter((code) => !variables.test(code) && !Object.hasOwn(ERROR_CODES, code))).toEqual([])
  })
})

describe('the code in the documentation', () => {
  it('compiles where it is Python', async () => {
    const blocks = all.flatMap(fences).filter(({ language }) => language === 'python')
    expect(blocks.length).toBeGreaterThan(3)
    const program = `import json, sys
for block in json.loads(sys.argv[1]):
    compile(block["text"], block["page"], "exec")`
    await run(PYTHON, ['-c', program, JSON.stringify(blocks)])
  })

  it('parses where it is JSON', () => {
    for (const { language, text, page } of all.flatMap(fences)) {
      if (language !== 'json') continue
      const lines = page.endsWith('events.md') ? text.trim().split('\n') : [text]
      for (const line of lines) expect(() => JSON.parse(line)).not.toThrow()
    }
  })
})

it('the page on ml.yaml lists every key', () => {
  const page = readFileSync(join(ROOT, 'docs/reference/ml-yaml.md'), 'utf8')
  const documented = [...page.matchAll(/^\| `([\w.]+)` \|/gm)].map(([, key]) => key)
  const config = WorkspaceConfig.shape
  const limits = Object.keys(config.limits.unwrap().shape).map((key) => `limits.${key}`)
  const keys = Object.keys(config).flatMap((key) => (key === 'limits' ? limits : [key]))
  expect(documented.sort()).toEqual(keys.sort())
})

describe('the page on increments', () => {
  const page = readFileSync(join(ROOT, 'docs/concepts/increments.md'), 'utf8')
  const [, section = ''] = page.split('\n## What validation checks\n')

  it('lists every check of a verdict, and no other', () => {
    expect(listedChecks(section.split('\n## ')[0]!)).toEqual(checksOfAVerdict())
  })

  it('says which of them nobody can waive', () => {
    const [, sentence = ''] = /\n\n((?:`[\w.]+`(?:,| and)?\s+)+)cannot be\s+waived\./.exec(section) ?? []
    const named = [...sentence.matchAll(/`([\w.]+)`/g)].map(([, id = '']) => id)
    expect(named.sort()).toEqual([...NOT_WAIVABLE].sort())
  })
})

it('tests.md of an increment lists every check of a verdict, and no other', () => {
  const template = readFileSync(join(ROOT, 'templates', 'increment', 'tests.md'), 'utf8')
  expect(listedChecks(template)).toEqual(checksOfAVerdict())
})

function checksOfAVerdict(): string[] {
  const folder = join(ROOT, 'src', 'increments')
  const made = readdirSync(folder)
    .filter((name) => /checks?\.ts$/.test(name))
    .flatMap((name) => checkIds(readFileSync(join(folder, name), 'utf8')))
  expect(made).toContain('data.leakage')
  return [...new Set(made), 'criterion.<metric>.<split>', 'sign_off'].sort()
}

/** Ids in the first column of a table. */
function listedChecks(text: string): string[] {
  return [...text.matchAll(/^\| `([\w.<>]+)` \|/gm)].map(([, id = '']) => id).sort()
}

/** Ids are written out as texts such as 'data.leakage'; what ends as a file does is a file's name. */
function checkIds(source: string): string[] {
  const texts = [...source.matchAll(/'([a-z]+(?:_[a-z]+)*\.[a-z]+(?:_[a-z]+)*)'/g)].map(
    ([, text = '']) => text,
  )
  return texts.filter((text) => !/\.(?:csv|json|md|yaml|py)$/.test(text))
}

it('the generated tables are current', async () => {
  const { stdout } = await run(process.execPath, [join(ROOT, 'scripts', 'generate-tables.mjs'), '--check'])
  expect(stdout).toContain('current')
})
