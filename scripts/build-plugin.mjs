// Builds what clients install, from one source, into build/: plugins for Claude Code and Codex, each in a marketplace folder; an
// extension for Gemini CLI; a bundle for clients with one-click installation.
// --name sw-ml: for people who use SpecWeave's own plugin, whose name is sw.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { parse } from 'yaml'
import { buildProgram } from './build.mjs'
import { clientProgram } from './client-programs.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const read = (path) => JSON.parse(readFileSync(join(root, path), 'utf8'))

/** What the program reads at run time, from wherever it lies; no package.json, for which a client would install packages. */
const PROGRAM = ['templates', 'commands', 'skills', 'examples/churn', 'python/sdk', 'python/lab', 'LICENSE']
const LEFT_OUT = /(?:^|\/)(?:__pycache__|tests|\.[^/]*|[^/]*\.egg-info)$/

/** @param {string} folder to copy the bundled program to */
async function placeProgram(folder) {
  for (const path of PROGRAM)
    cpSync(join(root, path), join(folder, path), {
      recursive: true,
      filter: (from) => !LEFT_OUT.test(from.slice(root.length)),
    })
  await buildProgram({ outdir: join(folder, 'dist'), clean: true })
  // Some folder above may hold a package.json that says otherwise. No dependencies, no lock file: nothing is installed for it.
  writeJson(join(folder, 'dist', 'package.json'), { type: 'module' })
}

function writeText(path, text) {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}
const writeJson = (path, value) => writeText(path, `${JSON.stringify(value, null, 2)}\n`)

/** Tools are named by the plugin: `mcp__plugin_sw_ml__get_run`. */
function renameInTexts(folder, name) {
  for (const file of readdirSync(folder, { recursive: true })) {
    const path = join(folder, file)
    if (!/\.md$/.test(file) || !statSync(path).isFile()) continue
    const text = readFileSync(path, 'utf8')
    const renamed = text
      .replaceAll('mcp__plugin_sw_', `mcp__plugin_${name}_`)
      .replace(/\/sw:(?=[a-z])/g, `/${name}:`)
    if (renamed !== text) writeFileSync(path, renamed)
  }
}

const manifestOf = (name) => ({
  ...read('.claude-plugin/plugin.json'),
  name,
  version: read('package.json').version,
})

/**
 * A marketplace folder that holds the plugin for Claude Code.
 * @param {{ outdir?: string, name?: string }} [options]
 */
export async function buildClaudePlugin({ outdir = join(root, 'build'), name = 'sw' } = {}) {
  const marketplace = join(outdir, 'claude')
  const plugin = join(marketplace, name)
  rmSync(marketplace, { recursive: true, force: true })
  await placeProgram(plugin)
  for (const part of ['agents', 'hooks']) cpSync(join(root, part), join(plugin, part), { recursive: true })
  const guide = readFileSync(join(root, 'docs', 'guides', 'claude-code.md'), 'utf8')
  // The other pages are not in the plugin.
  writeText(join(plugin, 'README.md'), guide.replaceAll(/\[([^\]]+)\]\((?!https?:)[^)]+\)/g, '$1'))
  const { author, version, description, license } = manifestOf(name)
  writeJson(join(plugin, '.claude-plugin', 'plugin.json'), manifestOf(name))
  cpSync(join(root, '.claude-plugin', 'icon.png'), join(plugin, '.claude-plugin', 'icon.png'))
  writeJson(join(marketplace, '.claude-plugin', 'marketplace.json'), {
    name: 'specweave-ml',
    owner: author,
    metadata: { description, version },
    plugins: [{ name, source: `./${name}`, description, version, license }],
  })
  if (name !== 'sw')
    for (const part of ['commands', 'skills', 'agents']) renameInTexts(join(plugin, part), name)
  return marketplace
}

/** A marketplace folder that holds the plugin for Codex. */
export async function buildCodexPlugin({ outdir = join(root, 'build'), name = 'sw' } = {}) {
  const marketplace = join(outdir, 'codex')
  const plugin = join(marketplace, 'plugins', name)
  rmSync(marketplace, { recursive: true, force: true })
  await placeProgram(plugin)
  const { mcpServers: _claude, ...manifest } = manifestOf(name)
  writeJson(join(plugin, '.codex-plugin', 'plugin.json'), {
    ...manifest,
    skills: './skills/',
    mcpServers: './.mcp.json',
  })
  writeJson(join(plugin, '.mcp.json'), {
    // Codex starts it in the plugin's folder, and hands on where it was started itself.
    mcpServers: {
      ml: {
        command: 'node',
        args: ['./dist/main.js', 'serve'],
        cwd: '.',
        env_vars: ['PWD', 'SPECWEAVE_WORKSPACE', 'SPECWEAVE_STATE_DIR', 'SPECWEAVE_LAB_DIR', 'VIRTUAL_ENV'],
      },
    },
  })
  writeJson(join(marketplace, '.agents', 'plugins', 'marketplace.json'), {
    name: 'specweave-ml',
    plugins: [
      {
        name,
        source: { source: 'local', path: `./plugins/${name}` },
        policy: { installation: 'AVAILABLE', authentication: 'ON_INSTALL' },
        category: 'Developer Tools',
      },
    ],
  })
  return marketplace
}

/** The extension for Gemini CLI: its commands are in TOML, beside the Markdown files, of which the server makes its prompts. */
export async function buildGeminiExtension({ outdir = join(root, 'build') } = {}) {
  const extension = join(outdir, 'gemini', 'specweave-ml')
  rmSync(extension, { recursive: true, force: true })
  await placeProgram(extension)
  const { version, description } = manifestOf('sw')
  writeJson(join(extension, 'gemini-extension.json'), {
    name: 'specweave-ml',
    version,
    description,
    mcpServers: {
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the client fills it in
      ml: { command: 'node', args: ['${extensionPath}${/}dist${/}main.js', 'serve', '--no-prompts'] },
    },
  })
  for (const file of readdirSync(join(root, 'commands'), { recursive: true })) {
    if (!file.endsWith('.md')) continue
    const [, front, body] =
      /^---\n(.*?)\n---\n(.*)$/s.exec(readFileSync(join(root, 'commands', file), 'utf8')) ?? []
    const prompt = body.trim().replaceAll('$ARGUMENTS', '{{args}}')
    // Strings of JSON are strings of TOML.
    const toml = `description = ${JSON.stringify(parse(front).description)}\nprompt = ${JSON.stringify(prompt)}\n`
    writeText(join(extension, 'commands', 'sw', file.replace(/\.md$/, '.toml')), toml)
  }
  return extension
}

/** The bundle for clients with one-click installation, such as Claude Desktop. */
export async function buildBundle({ outdir = join(root, 'build') } = {}) {
  const folder = join(outdir, 'mcpb')
  const bundle = join(outdir, 'specweave-ml.mcpb')
  for (const path of [folder, bundle]) rmSync(path, { recursive: true, force: true })
  await placeProgram(folder)
  const { author, version, description, license, keywords } = manifestOf('specweave-ml')
  cpSync(join(root, '.claude-plugin', 'icon.png'), join(folder, 'icon.png'))
  writeJson(join(folder, 'manifest.json'), {
    manifest_version: '0.3',
    name: 'specweave-ml',
    display_name: 'SpecWeave ML',
    version,
    description,
    author,
    license,
    keywords,
    icon: 'icon.png',
    server: {
      type: 'node',
      entry_point: 'dist/main.js',
      mcp_config: {
        command: 'node',
        // biome-ignore lint/suspicious/noTemplateCurlyInString: the client fills it in
        args: ['${__dirname}/dist/main.js', 'serve'],
        // biome-ignore lint/suspicious/noTemplateCurlyInString: the client fills it in
        env: { SPECWEAVE_WORKSPACE: '${user_config.project}' },
      },
    },
    tools_generated: true,
    prompts_generated: true,
    user_config: {
      project: {
        type: 'directory',
        title: 'Project',
        description: 'The folder of your project, in which .specweave/ lies or is made',
        required: true,
      },
    },
    compatibility: { platforms: ['darwin', 'linux'], runtimes: { node: '>=22.13.0' } },
  })
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [clientProgram('mcpb'), 'pack', folder, bundle],
    {
      encoding: 'utf8',
    },
  )
  if (status !== 0) throw new Error(`mcpb pack ended with ${status}: ${stdout}${stderr}`)
  return bundle
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { name: { type: 'string', default: 'sw' } } })
  const { name } = values
  for (const build of [buildClaudePlugin, buildCodexPlugin, buildGeminiExtension, buildBundle])
    console.log(`built ${relative(process.cwd(), await build({ name }))}`)
}
