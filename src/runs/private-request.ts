import { createHash } from 'node:crypto'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { readJson, writeFileAtomic } from '../adapters/files.ts'
import { privateFolder } from '../adapters/state-folder.ts'
import { Refusal } from '../core/errors.ts'

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

/** @throws Refusal COMMAND_INVALID where it is gone: the command must not be given masked values in their place. */
export function readPrivate(runFolder: string): PrivateRequest {
  const request = readJson<PrivateRequest>(fileFor(runFolder))
  if (request) return request
  throw new Refusal(
    'COMMAND_INVALID',
    'Its secrets were kept for the folder and the user that queued it, and are not to be had here (the workspace was moved or copied, or the state folder emptied). Ask for the run again.',
  )
}

/** The file of parameters for a command whose parameters hold a secret: outside the workspace too. */
export function privateParamsFile(runFolder: string): string {
  return fileFor(runFolder).replace(/\.json$/, '.params.json')
}

export function dropPrivate(runFolder: string): void {
  for (const file of [fileFor(runFolder), privateParamsFile(runFolder)]) rmSync(file, { force: true })
}
