// Builds what clients install, from one source, into build/: a marketplace with the Claude Code plugin.
// --name sw-ml: for people who use SpecWeave's own plugin, whose name is sw.
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { buildProgram } from './build.mjs'

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

/**
 * A marketplace folder that holds the plugin.
 * @param {{ outdir?: string, name?: string }} [options]
 */
export async function buildClaudePlugin({ outdir = join(root, 'build'), name = 'sw' } = {}) {
  const { version } = read('package.json')
  const marketplace = join(outdir, 'claude')
  const plugin = join(marketplace, name)
  rmSync(marketplace, { recursive: true, force: true })
  await placeProgram(plugin)
  for (const part of ['agents', 'hooks']) cpSync(join(root, part), join(plugin, part), { recursive: true })
  cpSync(join(root, 'docs', 'guides', 'claude-code.md'), join(plugin, 'README.md'))
  const manifest = { ...read('.claude-plugin/plugin.json'), name, version }
  writeJson(join(plugin, '.claude-plugin', 'plugin.json'), manifest)
  cpSync(join(root, '.claude-plugin', 'icon.png'), join(plugin, '.claude-plugin', 'icon.png'))
  writeJson(join(marketplace, '.claude-plugin', 'marketplace.json'), {
    name: 'specweave-ml',
    owner: manifest.author,
    metadata: { description: manifest.description, version },
    plugins: [
      { name, source: `./${name}`, description: manifest.description, version, license: manifest.license },
    ],
  })
  if (name !== 'sw')
    for (const part of ['commands', 'skills', 'agents']) renameInTexts(join(plugin, part), name)
  return marketplace
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { name: { type: 'string', default: 'sw' } } })
  console.log(`built ${await buildClaudePlugin({ name: values.name })}`)
}
