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
import { dirname, join, relative } from 'node:path'
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
 * The supervisor's start is a part of every run's, and a hook's of every turn of an assistant: each has one file of its own, in
 * CommonJS, which Node loads in half the time. Modules that `import()` names are the ones of the other build, loaded when they are
 * needed.
 */
const QUICK = {
  supervise: './src/hosts/supervisor/main.ts',
  hook: './src/hosts/hooks/main.ts',
}

/** What every one of these needs, though others import it late. */
const AT_ONCE = /[\\/](?:better-sqlite3|session-start|before-stop|edited-file)\.ts$/

/** @param {import('esbuild').Metafile} metafile of the build that has a file for each module that is imported late */
function leaveInChunks(metafile, outdir) {
  const chunks = new Map(
    Object.entries(metafile.outputs)
      .filter(([, { entryPoint }]) => entryPoint)
      .map(([path, { entryPoint }]) => [join(root, entryPoint), relative(outdir, join(root, path))]),
  )
  return {
    name: 'leave-in-chunks',
    setup(build) {
      build.onResolve({ filter: /./ }, async ({ kind, path, importer, resolveDir, pluginData }) => {
        if (kind !== 'dynamic-import' || pluginData === chunks) return undefined
        const found = await build.resolve(path, { kind, importer, resolveDir, pluginData: chunks })
        const chunk = AT_ONCE.test(found.path) ? undefined : chunks.get(found.path)
        return chunk ? { path: `./${chunk}`, external: true } : undefined
      })
    },
  }
}

/**
 * Builds, and touches only the files that changed, each whole at once: a program that runs from dist/ goes on.
 * @param {{entry?: string, outdir?: string, clean?: boolean, plugins?: import('esbuild').Plugin[]}} [options]
 *   clean: also chunks that a running program may need
 */
export async function buildProgram({
  entry = 'src/main.ts',
  outdir = join(root, 'dist'),
  clean = false,
  plugins = [],
} = {}) {
  const { build } = await import('esbuild')
  const labSha256 = await labCodeSha256(build)
  const shared = {
    absWorkingDir: root,
    outdir,
    bundle: true,
    platform: 'node',
    target: 'node20',
    minifySyntax: true,
    legalComments: 'none',
    external: ['better-sqlite3'],
    mainFields: ['module', 'main'],
    metafile: true,
    write: false,
    logLevel: 'warning',
    define: {
      LAB_CODE_SHA256: JSON.stringify(labSha256),
      PACKAGE_MANIFEST: JSON.stringify(packageManifest()),
    },
  }
  const result = await build({
    ...shared,
    entryPoints: [{ in: entry, out: 'main' }],
    splitting: true,
    format: 'esm',
    chunkNames: 'chunks/[name]-[hash]',
    // CommonJS packages in the bundle (commander, yaml, cross-spawn) ask for Node's own modules with require().
    banner: {
      js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);",
    },
    plugins: [leaveOut, ...plugins],
  })
  const files = [...result.outputFiles]
  if (entry === 'src/main.ts') {
    for (const [name, from] of Object.entries(QUICK)) {
      const { outputFiles } = await build({
        ...shared,
        stdin: {
          contents: `import { main } from '${from}'; main(process.argv.slice(2)).then(process.exit)`,
          sourcefile: `${name}.ts`,
          loader: 'ts',
          resolveDir: root,
        },
        outfile: join(outdir, `${name}.cjs`),
        outdir: undefined,
        format: 'cjs',
        define: { ...shared.define, 'import.meta.url': 'ownUrl' },
        banner: { js: "const ownUrl = require('node:url').pathToFileURL(__filename).href;" },
        plugins: [leaveInChunks(result.metafile, outdir), leaveOut, ...plugins],
      })
      files.push(...outputFiles)
    }
    const told = Buffer.from(`${JSON.stringify({ lab_sha256: labSha256 })}\n`)
    // Last: a program that finds its lab to be another asks this file whether it was built anew.
    files.push({ path: join(outdir, 'lab.json'), contents: told })
  }
  const written = new Set(files.map(({ path }) => path))
  for (const { path, contents } of files) writeChanged(path, contents)
  for (const name of existsSync(outdir) ? readdirSync(outdir, { recursive: true }) : []) {
    const path = join(outdir, name)
    if (/\.c?js$/.test(name) && !written.has(path) && (clean || isOld(path))) rmSync(path, { force: true })
  }
  return result.metafile
}

/** What the program says of itself, also where no package.json lies beside it. */
function packageManifest() {
  const { version, description, bugs, homepage } = JSON.parse(
    readFileSync(join(root, 'package.json'), 'utf8'),
  )
  return { version, description, bugs, homepage }
}

/** Of the lab's Python code, by the very function that looks at it at run time. */
async function labCodeSha256(build) {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: ['src/adapters/lab/code-files.ts'],
    bundle: true,
    platform: 'node',
    format: 'esm',
    write: false,
    logLevel: 'warning',
  })
  const { codeSha256 } = await import(`data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`)
  return codeSha256(join(root, 'python', 'lab'))
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
