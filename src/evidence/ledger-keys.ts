import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto'
import { existsSync, readdirSync, realpathSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { createExclusive, readJson, readText, writeFileAtomic } from '../adapters/files.ts'
import { machineIdentity } from '../adapters/process/identity.ts'
import { privateFolder, stateFolder } from '../adapters/state-folder.ts'
import type { Workspace } from '../store/workspace.ts'

/** `keys/<clone>.json` in the state folder, mode 0600: the one who may write this clone's chain. */
interface KeyRecord {
  format: 1
  key: string
  /** PEM, PKCS 8. */
  private_key: string
  /** PEM, SPKI; also committed as `ledger/<key>.pub`. */
  public_key: string
  /** Where the clone lies, to know it again when it is moved. */
  root: string
  created: string
}

/** This clone's own signing key. */
export interface OwnKey {
  /** First 16 hex digits of the SHA-256 of the public key (DER, SPKI). */
  id: string
  privateKey: KeyObject
  publicPem: string
}

/** The id that a public key must have: so a `.pub` file cannot be exchanged under its name. */
export function keyId(publicKey: KeyObject): string {
  const der = publicKey.export({ type: 'spki', format: 'der' })
  return createHash('sha256').update(der).digest('hex').slice(0, 16)
}

/** A clone is a folder on a machine: a copy of a workspace signs with a key of its own, so that no chain forks. */
export function cloneId(workspace: Workspace): string {
  const facts = [realpathSync(workspace.root), workspace.config.id, machineIdentity().machine_id]
  return createHash('sha256').update(facts.join('\n')).digest('hex').slice(0, 16)
}

/** @returns `undefined` where this clone has written nothing yet. Makes nothing. */
export function findOwnKey(workspace: Workspace): OwnKey | undefined {
  const record = readJson<KeyRecord>(keyFile(workspace)) ?? movedKey(workspace)?.record
  return record && opened(record)
}

/** This clone's key: the one it has, the one it had before it was moved, else a new one. */
export function ownKey(workspace: Workspace): OwnKey {
  privateFolder('keys')
  const path = keyFile(workspace)
  const kept = readJson<KeyRecord>(path)
  if (kept) return opened(kept)
  const moved = movedKey(workspace)
  if (moved) {
    renameSync(moved.path, path)
    const record = { ...moved.record, root: realpathSync(workspace.root) }
    writeFileAtomic(path, JSON.stringify(record), { mode: 0o600, sync: true })
    return opened(record)
  }
  const made = newKey(workspace)
  if (createExclusive(path, JSON.stringify(made), { mode: 0o600 })) return opened(made)
  return opened(readJson<KeyRecord>(path) ?? made)
}

export function publicKeyFile(workspace: Workspace, id: string): string {
  return join(workspace.layout.ledger, `${id}.pub`)
}

/** @returns why there is no usable key, in words, where the file is missing or is not the key of that id. */
export function readPublicKey(workspace: Workspace, id: string): KeyObject | string {
  const pem = readText(publicKeyFile(workspace, id))
  if (pem === undefined) return 'is missing, so that its chain cannot be verified'
  try {
    const key = createPublicKey(pem)
    return keyId(key) === id ? key : 'holds another key than its name says'
  } catch {
    return 'holds no public key'
  }
}

function keyFile(workspace: Workspace): string {
  return join(stateFolder(), 'keys', `${cloneId(workspace)}.json`)
}

/** The key of a clone that lies here now, and no longer where it was made. */
function movedKey(workspace: Workspace): { path: string; record: KeyRecord } | undefined {
  const folder = join(stateFolder(), 'keys')
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    const path = join(folder, name)
    const record = name.endsWith('.json') ? readJson<KeyRecord>(path) : undefined
    if (!record || existsSync(join(record.root, '.specweave'))) continue
    if (existsSync(publicKeyFile(workspace, record.key))) return { path, record }
  }
  return undefined
}

function newKey(workspace: Workspace): KeyRecord {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  return {
    format: 1,
    key: keyId(publicKey),
    private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    public_key: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    root: realpathSync(workspace.root),
    created: new Date().toISOString(),
  }
}

function opened(record: KeyRecord): OwnKey {
  return {
    id: record.key,
    privateKey: createPrivateKey(record.private_key),
    publicPem: record.public_key,
  }
}
