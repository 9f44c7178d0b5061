// The real clients that the plugin is proven in: programs of npm, pinned, found on PATH or in .cache.
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cachedPackage } from './node24.mjs'

/** `large`: hundreds of megabytes, so it is installed only by `npm run test:clients -- --install`. */
const CLIENTS = {
  claude: { spec: '@anthropic-ai/claude-code@2.1.330', large: true },
  codex: { spec: '@openai/codex@0.169.0', large: true },
  gemini: { spec: '@google/gemini-cli@0.61.0', large: true },
  specweave: { spec: 'specweave@1.0.593', large: true },
  mcpb: { spec: '@anthropic-ai/mcpb@2.1.2', large: false },
  conformance: { spec: '@modelcontextprotocol/conformance@0.1.16', large: false },
}

const cache = fileURLToPath(new URL('../.cache', import.meta.url))
const folderOf = (name) =>
  `${cache}/${name}-${CLIENTS[name].spec.slice(CLIENTS[name].spec.lastIndexOf('@') + 1)}`

/**
 * @param {keyof typeof CLIENTS} name
 * @returns {string | undefined} path of the program; a small one is installed where it is missing
 */
export function clientProgram(name) {
  const { spec, large } = CLIENTS[name]
  const installed = join(folderOf(name), 'node_modules', '.bin', name)
  if (existsSync(installed)) return installed
  if (!large) return join(cachedPackage(name, spec), 'node_modules', '.bin', name)
  return (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path))
}

/** Installs all of them: more than a gigabyte. */
export function installClients() {
  for (const [name, { spec }] of Object.entries(CLIENTS)) {
    console.log(`${name}: ${spec}`)
    cachedPackage(name, spec)
  }
}

/** @returns {{ name: string, spec: string, program: string | undefined }[]} */
export function clients() {
  return Object.entries(CLIENTS).map(([name, { spec }]) => ({ name, spec, program: clientProgram(name) }))
}
