// The program under the storm: a build of its own, so that a build beside it changes nothing under a round.
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildProgram } from '../../scripts/build.mjs'
import { DEFECTS } from './defects.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))

/**
 * @param {string} [defect] name of a planted defect
 * @returns {Promise<string>} path of main.js
 */
export async function buildForStorm(defect) {
  // Below node_modules, so that better-sqlite3 is found.
  const folder = join(root, 'node_modules', '.cache', 'specweave-storm', defect ?? 'as-it-is')
  mkdirSync(folder, { recursive: true })
  for (const name of ['python', 'templates', 'commands', 'skills', 'docs', 'examples', 'package.json'])
    link(join(root, name), join(folder, name))
  await buildProgram({
    outdir: join(folder, 'dist'),
    plugins: defect ? [planted(DEFECTS.find(({ name }) => name === defect))] : [],
  })
  return join(folder, 'dist', 'main.js')
}

function link(target, path) {
  try {
    symlinkSync(target, path)
  } catch (cause) {
    if (cause.code !== 'EEXIST') throw cause
  }
}

function planted({ file, find, replace, imports = '' }) {
  return {
    name: 'planted-defect',
    setup(build) {
      build.onLoad({ filter: /\.ts$/ }, ({ path }) => {
        if (path !== join(root, file)) return undefined
        return { contents: `${imports}\n${patched(readFileSync(path, 'utf8'), find, replace)}`, loader: 'ts' }
      })
    },
  }
}

/** @throws where the text to be replaced does not stand there exactly once. */
export function patched(text, find, replace) {
  const parts = text.split(find)
  if (parts.length !== 2) throw new Error(`found ${parts.length - 1} times instead of once: ${find}`)
  return parts.join(replace)
}
