import { isAbsolute, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Server } from '@modelcontextprotocol/sdk/server/index.js'
import { RootsListChangedNotificationSchema } from '@modelcontextprotocol/sdk/types.js'
import { packageRoot } from '../../adapters/package-root.ts'
import { type Place, workspaceRoot } from '../calls/find-workspace.ts'

/** A client that does not answer must not hold up the first call for longer. */
const ROOTS_WAIT_MS = 1000

/**
 * Where this session's workspace is: the named folder; else the client's roots, asked when first needed and again
 * when it says that they changed; else the working folder.
 */
export function sessionPlace(server: Server, named: Place | undefined): () => Promise<Place> {
  if (named) return async () => named
  let asked: Promise<Place> | undefined
  server.setNotificationHandler(RootsListChangedNotificationSchema, () => {
    asked = undefined
  })
  return () => {
    asked ??= fromRoots(server)
    return asked
  }
}

async function fromRoots(server: Server): Promise<Place> {
  const here: Place = { folder: workingFolder(), named: false }
  if (!server.getClientCapabilities()?.roots) return here
  const folders = await rootFolders(server)
  const places = folders.map((folder): Place => ({ folder, named: false }))
  return places.find((place) => workspaceRoot(place) !== undefined) ?? places[0] ?? here
}

/**
 * Some clients start a plugin's server in the plugin's own folder: then the folder in which the client was started, which such a
 * client hands on as PWD.
 */
function workingFolder(): string {
  const cwd = process.cwd()
  const outside = (folder: string) => relative(packageRoot(), folder).startsWith('..')
  const { PWD = '' } = process.env
  return !outside(cwd) && isAbsolute(PWD) && outside(PWD) ? PWD : cwd
}

async function rootFolders(server: Server): Promise<string[]> {
  try {
    const { roots } = await server.listRoots(undefined, { timeout: ROOTS_WAIT_MS })
    return roots.filter(({ uri }) => uri.startsWith('file://')).map(({ uri }) => fileURLToPath(uri))
  } catch {
    return []
  }
}
