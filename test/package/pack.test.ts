import { execFile, execFileSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
// @ts-expect-error a script without types
import { node24, node24Folder } from '../../scripts/node24.mjs'
import { removeFolder } from '../support/remove-folder.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const place = mkdtempSync(join(tmpdir(), 'specweave-pack-'))
const consumer = join(place, 'consumer')
const installed = join(consumer, 'node_modules', 'specweave-ml')
const project = join(place, 'project')
/** In the checkout, so that the build finds its tools; a copy, because packing cleans dist/, from which others run. */
const copy = join(ROOT, '.cache', `pack-${process.pid}`)

let tarball = ''
let files: string[] = []

interface Ran {
  code: number
  stdout: string
  stderr: string
}

/** The installed program, as its user calls it. @param nodeFolder stands first on PATH */
async function program(nodeFolder: string, args: string[], env: Record<string, string> = {}): Promise<Ran> {
  const { HOME = '', PATH = '' } = process.env
  return new Promise((done) =>
    execFile(
      join(consumer, 'node_modules', '.bin', 'specweave-ml'),
      args,
      {
        cwd: project,
        env: {
          HOME,
          PATH: `${nodeFolder}:${PATH}`,
          SPECWEAVE_STATE_DIR: join(place, 'state'),
          SPECWEAVE_LAB_DIR: process.env.SPECWEAVE_LAB_DIR ?? join(ROOT, '.cache', 'lab'),
          ...env,
        },
      },
      (error, stdout, stderr) => done({ code: error ? Number(error.code ?? 1) : 0, stdout, stderr }),
    ),
  )
}

/** Copies what a checkout has, plants what must not be packed, packs, and installs as Claude Code installs a plugin. */
async function packAndInstall(): Promise<void> {
  mkdirSync(copy, { recursive: true })
  for (const name of readdirSync(ROOT))
    if (
      !['node_modules', '.git', '.cache', 'dist', 'build', 'demo-workspace', 'clients-workspace'].includes(
        name,
      )
    )
      cpSync(join(ROOT, name), join(copy, name), { recursive: true, verbatimSymlinks: true })
  const planted = ['dist/chunks/old-AAAAAAAA.js', 'python/lab/specweave_lab/__pycache__/x.cpython-311.pyc']
  for (const path of [
    ...planted,
    'examples/churn/__pycache__/x.cpython-311.pyc',
    'python/sdk/.pytest_cache/x',
  ]) {
    mkdirSync(join(copy, path, '..'), { recursive: true })
    writeFileSync(join(copy, path), '')
  }
  const run = promisify(execFile)
  await run('npm', ['pack', '--loglevel=error', '--pack-destination', place], { cwd: copy })
  const name = readdirSync(place).find((one) => one.endsWith('.tgz'))
  tarball = join(place, name ?? '')
  files = execFileSync('tar', ['-tzf', tarball], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((path) => path.replace(/^package\//, ''))
  mkdirSync(consumer)
  writeFileSync(join(consumer, 'package.json'), '{"private":true}')
  mkdirSync(project)
  await run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', tarball], {
    cwd: consumer,
  })
}

beforeAll(packAndInstall)

afterAll(async () => {
  for (const folder of [place, copy]) await removeFolder(folder)
})

describe('the tarball', () => {
  it('holds the program and all that it reads', () => {
    console.log(`tarball: ${Math.round(statSync(tarball).size / 1024)} KiB, ${files.length} files`)
    const needed = ['dist/main.js', 'package.json', 'README.md', 'LICENSE', 'CHANGELOG.md']
    const folders = [
      'dist/chunks',
      'templates/increment',
      'templates/scripts',
      'commands',
      'skills',
      'examples/churn',
    ]
    const python = [
      'python/sdk/specweave',
      'python/sdk/pyproject.toml',
      'python/lab/specweave_lab/__main__.py',
    ]
    for (const path of [...needed, ...folders, ...python, 'python/lab/requirements.lock'])
      expect(
        files.some((one) => one === path || one.startsWith(`${path}/`)),
        path,
      ).toBe(true)
    for (const folder of [
      'templates',
      'commands',
      'skills',
      'python/lab/specweave_lab',
      'python/sdk/specweave',
    ])
      expect(files.filter((path) => path.startsWith(`${folder}/`)).toSorted(), folder).toEqual(
        sources(folder),
      )
  })

  it('holds nothing else: no tests, caches, sources or chunks of an earlier build', () => {
    const wrong =
      /(^|\/)(tests?|__pycache__|\.[^/]+|src|benchmarks|node_modules)\/|\.(pyc|ts|map|tgz|db)$|old-AAAA/
    expect(files.filter((path) => wrong.test(path))).toEqual([])
    const top = [...new Set(files.map((path) => path.split('/')[0]))].toSorted()
    const allowed = [
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'commands',
      'dist',
      'docs',
      'examples',
      'package.json',
    ]
    expect(top).toEqual([...allowed, 'python', 'skills', 'templates'])
    expect(statSync(tarball).size).toBeLessThan(2 * 1024 * 1024)
  })

  it('names no path of the machine that made it', () => {
    const paths = [ROOT, copy, place, `${homedir()}/`, 'file:///']
    const found = files
      .filter((path) => !path.endsWith('/'))
      .flatMap((path) => {
        const text = readFileSync(join(installed, path), 'utf8')
        return paths.filter((one) => text.includes(one)).map((one) => `${path}: ${one}`)
      })
    expect(found).toEqual([])
  })
})

describe('installed with --ignore-scripts', () => {
  const native = join(consumer, 'node_modules/better-sqlite3/build/Release/better_sqlite3.node')

  it('has no native module, as the tests below assume', () => {
    expect(existsSync(native)).toBe(false)
  })

  it('runs an experiment to its end in Node 24, on its own SQLite', async () => {
    const folder = node24Folder() as string
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }
    expect(await program(folder, ['--version'])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(version),
    })
    const call = async (tool: string, args: object): Promise<Record<string, unknown>> => {
      const { code, stdout, stderr } = await program(folder, ['call', tool, JSON.stringify(args)])
      expect(code, stdout + stderr).toBe(0)
      return JSON.parse(stdout) as Record<string, unknown>
    }
    const made = await call('create_increment', {
      title: 'build a churn model',
      problem_type: 'classification',
    })
    expect(made.increment).toBe('0001')
    const started = await call('run_experiment', {
      name: 'hello',
      command: ['python', '-c', 'import specweave; specweave.track_experiment("x").log_metric("loss", 0.5)'],
      wait_s: 40,
    })
    const ended = await call('get_run', { run: started.run, wait_s: 40 })
    expect(ended, JSON.stringify(ended)).toMatchObject({
      run: '0001/exp-001-hello',
      state: 'succeeded',
      metrics: [{ name: 'loss', value: 0.5, source: 'reported' }],
    })
    const listed = await program(folder, ['list-runs', '--json'])
    expect(listed).toMatchObject({ code: 0, stderr: '' })
    expect(JSON.parse(listed.stdout)).toMatchObject({ total: 1, runs: [{ run: '0001/exp-001-hello' }] })
  })

  it('says clearly what is missing where neither SQLite can be had', async () => {
    // As in Node 20 without a compiler; newer Nodes have a SQLite of their own, which is put aside here.
    const own = Number(process.versions.node.split('.')[0]) >= 22
    const { code, stdout } = await program(
      join(process.execPath, '..'),
      ['call', 'list_runs', '{}'],
      own ? { SPECWEAVE_SQLITE: 'better-sqlite3' } : {},
    )
    expect(code).toBe(1)
    const refusal = JSON.parse(stdout) as { code: string; message: string; next: unknown }
    expect(refusal.code).toBe('SQLITE_UNAVAILABLE')
    expect(refusal.message).toMatch(/Node 22\.13 or newer.*npm rebuild better-sqlite3/)
    expect(refusal.message).not.toMatch(/\n| {4}at /)
    expect(refusal.next).toMatchObject([{ person: expect.stringMatching(/ doctor$/) }])
  })

  it('serves MCP in Node 24', async () => {
    const hello = { jsonrpc: '2.0', id: 1, method: 'initialize', params: INITIALIZE }
    const child = promisify(execFile)(node24(), [join(installed, 'dist', 'main.js'), 'serve'], {
      cwd: project,
    })
    child.child.stdin?.end(`${JSON.stringify(hello)}\n{"jsonrpc":"2.0","id":2,"method":"tools/list"}\n`)
    const { stdout, stderr } = await child
    expect(stderr).toBe('')
    expect(stdout.trim().split('\n')).toHaveLength(2)
    expect(stdout).toContain('create_increment')
  })
})

const INITIALIZE = {
  protocolVersion: '2025-11-25',
  capabilities: {},
  clientInfo: { name: 'test', version: '1' },
}

/** What the checkout has of a folder that is packed whole. */
function sources(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/__pycache__/.test(entry.parentPath))
    .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length + 1))
    .toSorted()
}
