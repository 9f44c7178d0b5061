import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../../adapters/package-root.ts'

interface Manifest {
  version: string
  description: string
  bugs?: { url?: string }
  homepage?: string
}

/** The build puts the manifest in its place: a plugin's folder has none. */
declare const PACKAGE_MANIFEST: Manifest | undefined

let manifest: Manifest | undefined = typeof PACKAGE_MANIFEST === 'undefined' ? undefined : PACKAGE_MANIFEST

/** Of our own package.json: the version that hosts report, and where defects are reported. */
export function packageManifest(): Manifest {
  manifest ??= JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as Manifest
  return manifest
}
