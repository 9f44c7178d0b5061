#!/usr/bin/env node
// `npm run bench [-- server runs load ...] [--quick]`: prints each figure as a line of JSON. See README.md.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildProgram } from '../scripts/build.mjs'
import { printMachine } from './figure.mjs'
import { hookFigures } from './hook-figures.mjs'
import { killFigures } from './kill-figures.mjs'
import { labFigures } from './lab-figures.mjs'
import { loadFigures } from './load-figures.mjs'
import { rayFigures } from './ray-figures.mjs'
import { refereeFigures } from './referee-figures.mjs'
import { runFigures } from './run-figures.mjs'
import { scaleFigures } from './scale-figures.mjs'
import { sdkFigures } from './sdk-figures.mjs'
import { serverFigures } from './server-figures.mjs'
import { storeFigures } from './store-figures.mjs'
import { trackerFigures } from './tracker-figures.mjs'

const GROUPS = {
  server: serverFigures,
  hooks: hookFigures,
  runs: runFigures,
  load: loadFigures,
  sdk: sdkFigures,
  store: storeFigures,
  scale: scaleFigures,
  kill: killFigures,
  ray: rayFigures,
  lab: labFigures,
  referee: refereeFigures,
  trackers: trackerFigures,
}

const root = fileURLToPath(new URL('..', import.meta.url))
const asked = process.argv.slice(2)
const unknown = asked.find((word) => word !== '--quick' && !Object.hasOwn(GROUPS, word))
if (unknown) {
  console.error(
    `bench does not know "${unknown}". Usage: npm run bench -- [${Object.keys(GROUPS).join('] [')}] [--quick]`,
  )
  process.exit(2)
}
const chosen = Object.keys(GROUPS).filter((name) => asked.includes(name))
// The interpreter itself: version managers put scripts before it that cost more than it does.
const python = ask(process.env.SPECWEAVE_BENCH_PYTHON ?? 'python3', 'sys.executable')

// Built here, so that figures are those of the sources; the parts lie where `better-sqlite3` is found.
const built = join(root, 'node_modules', '.cache', 'specweave-ml-bench')
mkdirSync(built, { recursive: true })
await buildProgram({ outdir: join(built, 'ours') })
await buildProgram({ entry: 'benchmarks/bare-server.mjs', outdir: join(built, 'bare') })
await buildProgram({ entry: 'benchmarks/store-parts.ts', outdir: join(built, 'store') })

const scratchFolders = []
function scratch() {
  scratchFolders.push(mkdtempSync(join(tmpdir(), 'specweave-ml-bench-')))
  return scratchFolders.at(-1)
}

printMachine({ python: ask(python, 'sys.version.split()[0]') })
const options = {
  root,
  python,
  scratch,
  rounds: asked.includes('--quick') ? 5 : 15,
  quick: asked.includes('--quick'),
  main: join(built, 'ours', 'main.js'),
  bareServer: join(built, 'bare', 'main.js'),
  storeParts: join(built, 'store', 'main.js'),
}
try {
  for (const name of chosen.length > 0 ? chosen : Object.keys(GROUPS)) await GROUPS[name](options)
} finally {
  for (const folder of scratchFolders) rmSync(folder, { recursive: true, force: true })
}

function ask(interpreter, expression) {
  return execFileSync(interpreter, ['-c', `import sys; print(${expression})`], { encoding: 'utf8' }).trim()
}
