import { accessSync, constants, statfsSync } from 'node:fs'
import { join } from 'node:path'
import { placeKey, privateFolder } from '../adapters/state-folder.ts'
import type { Layout } from './layout.ts'

/** statfs magic numbers of file systems on which WAL's shared memory does not work between machines. */
const SHARED_FILE_SYSTEMS = new Set([
  0x6969, 0x517b, 0xff534d42, 0xfe534d42, 0x65735546, 0x01021997, 0x00c36400,
])

/**
 * Where the index lies: in the workspace, or in the state folder where that cannot be written to, or is on a network or
 * shared file system.
 */
export function indexFile({ folder }: Layout): string {
  if (isWritable(folder) && !isShared(folder)) return join(folder, 'index.db')
  return join(privateFolder('index', placeKey(folder)), 'index.db')
}

function isShared(folder: string): boolean {
  try {
    return SHARED_FILE_SYSTEMS.has(Number(statfsSync(folder).type))
  } catch {
    // statfs is not to be had everywhere; the workspace's own folder is the usual case.
    return false
  }
}

/** One that is gone is not read-only: nothing is made elsewhere in its name. */
function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK)
    return true
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === 'ENOENT'
  }
}
