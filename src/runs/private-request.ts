import { createHash } from 'node:crypto'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { readJson, writeFileAtomic } from '../adapters/files.ts'
import { privateFolder } from '../adapters/state-folder.ts'

/** The parts of a request that must not stand in a record: they wait in the user's state folder until the start. */
export interface PrivateRequest {
  command: string[]
  env: Record<string, string>
  params: Record<string, unknown>
}

function fileFor(runFolder: string): string {
  return join(
    privateFolder('pending'),
    `${createHash('sha256').update(runFolder).digest('hex').slice(0, 32)}.json`,
  )
}

export function keepPrivate(runFolder: string, request: PrivateRequest): void {
  writeFileAtomic(fileFor(runFolder), JSON.stringify(request), { mode: 0o600 })
}

export function readPrivate(runFolder: string): PrivateRequest | undefined {
  return readJson<PrivateRequest>(fileFor(runFolder))
}

export function dropPrivate(runFolder: string): void {
  rmSync(fileFor(runFolder), { force: true })
}
