// Bundles src/main.ts into dist/: one small entry and chunks that are loaded when they are needed.
// Runs as npm's `prepare`; a packed copy has no sources and is left as it is.
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

/**
 * Modules that the MCP SDK and zod import at the top and that we never call. Each costs every start-up milliseconds:
 * Ajv checks the answers to elicitations (we give our own check), zod 3 and its JSON schemas are for servers
 * written with zod 3, and zod carries its messages in 50 languages.
 */
const LEFT_OUT = [
  [
    /[\\/]validation[\\/]ajv-provider\.js$/,
    "export class AjvJsonSchemaValidator { getValidator() { throw new Error('pass a jsonSchemaValidator') } }",
  ],
  [/[\\/]zod-to-json-schema[\\/]dist[\\/]esm[\\/]index\.js$/, 'export const zodToJsonSchema = () => ({})'],
  [/[\\/]zod[\\/]v3[\\/]index\.js$/, 'export {}'],
  [/[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/, "export { default as en } from './en.js'"],
]

const leaveOut = {
  name: 'leave-out',
  setup(build) {
    for (const [filter, contents] of LEFT_OUT)
      build.onLoad({ filter }, ({ path }) => ({ contents, resolveDir: join(path, '..') }))
  },
}

/**
 * Builds, and touches only the files that changed, each whole at once: a program that runs from dist/ goes on.
 * @param {{entry?: string, outdir?: string, clean?: boolean}} [options] clean: also chunks that a running program may need
 */
export async function buildProgram({
  entry = 'src/main.ts',
  outdir = join(root, 'dist'),
  clean = false,
} = {}) {
  const { build } = await import('esbuild')
  const result = await build({
    absWorkingDir: root,
    entryPoints: [{ in: entry, out: 'main' }],
    outdir,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    minifySyntax: true,
    legalComments: 'none',
    chunkNames: 'chunks/[name]-[hash]',
    external: ['better-sqlite3'],
    mainFields: ['module', 'main'],
    // CommonJS packages in the bundle (commander, yaml, cross-spawn) ask for Node's own modules with require().
    banner: {
      js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);",
    },
    plugins: [leaveOut],
    metafile: true,
    write: false,
    logLevel: 'warning',
  })
  const written = new Set(result.outputFiles.map(({ path }) => path))
  for (const { path, contents } of result.outputFiles) writeChanged(path, contents)
  for (const name of existsSync(outdir) ? readdirSync(outdir, { recursive: true }) : []) {
    const path = join(outdir, name)
    if (/\.js$/.test(name) && !written.has(path) && (clean || isOld(path))) rmSync(path, { force: true })
  }
  return result.metafile
}

/** A program that was started before the build may still load its own chunks. */
function isOld(path) {
  return Date.now() - statSync(path).mtimeMs > 3600 * 1000
}

function writeChanged(path, contents) {
  if (existsSync(path) && readFileSync(path).equals(contents)) return
  mkdirSync(dirname(path), { recursive: true })
  const temporary = `${path}.${process.pid}`
  writeFileSync(temporary, contents)
  chmodSync(temporary, 0o755)
  renameSync(temporary, path)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (!existsSync(join(root, 'src', 'main.ts'))) process.exit(0)
  const began = performance.now()
  try {
    await buildProgram({ clean: process.argv.includes('--clean') })
    console.log(`built dist/ in ${Math.round(performance.now() - began)} ms`)
  } catch (cause) {
    // `npm ci --omit=dev` has no esbuild: what was built before is kept.
    if (cause?.code !== 'ERR_MODULE_NOT_FOUND' || !existsSync(join(root, 'dist', 'main.js'))) {
      console.error(cause?.errors ? `the build failed: ${cause.message}` : cause)
      process.exit(1)
    }
  }
}
