import { createHash } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { Refusal } from '../core/errors.ts'

/**
 * The user's own folder for what must not lie in a workspace: sealed labels, signing keys, the lab's environment.
 * `SPECWEAVE_STATE_DIR`, else `XDG_STATE_HOME/specweave-ml`, else the platform's usual place.
 * @throws Refusal INPUT_INVALID where it is named by a relative path
 */
export function stateFolder(): string {
  const named = process.env.SPECWEAVE_STATE_DIR
  if (named && !isAbsolute(named))
    throw new Refusal(
      'INPUT_INVALID',
      `SPECWEAVE_STATE_DIR is "${named}", which each process would look for in a folder of its own: name an absolute path.`,
      { invalid: [{ field: 'SPECWEAVE_STATE_DIR', problem: 'must be an absolute path' }] },
    )
  if (named) return named
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'specweave-ml')
  return join(process.env.XDG_STATE_HOME || join(homedir(), '.local', 'state'), 'specweave-ml')
}

/** A folder under the state folder that only the user may read. */
export function privateFolder(...names: string[]): string {
  const folder = join(stateFolder(), ...names)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  return folder
}

/**
 * The name under which the state folder keeps what belongs to one place of a workspace: each has its own, since a copy has
 * the same id.
 */
export function placeKey(folder: string): string {
  return createHash('sha256').update(folder).digest('hex').slice(0, 16)
}
