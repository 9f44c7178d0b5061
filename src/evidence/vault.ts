import { createHash } from 'node:crypto'
import { chmodSync, createReadStream, existsSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { privateFolder, stateFolder } from '../adapters/state-folder.ts'
import type { DatasetRecord } from '../core/dataset-record.ts'
import { Refusal } from '../core/errors.ts'
import type { Workspace } from '../store/workspace.ts'
import { registerAgain, sourceInWords } from './register-again.ts'

/** Holds `<dataset hash>/test.csv`: the labels that scripts must not see. Outside every workspace, mode 0700. */
export function vaultFolder(): string {
  return privateFolder('vault')
}

export function labelsFile(datasetHash: string): string {
  return join(stateFolder(), 'vault', datasetHash, 'test.csv')
}

/** Whether the labels are on this machine; their hash is not checked. */
export function hasLabels(datasetHash: string): boolean {
  return existsSync(labelsFile(datasetHash))
}

/** Takes from others what they might read, whoever made the files. */
export function closeVault(datasetHash: string): void {
  const file = labelsFile(datasetHash)
  if (!existsSync(file)) return
  chmodSync(file, 0o600)
  chmodSync(join(file, '..'), 0o700)
}

/**
 * The file with a dataset's sealed labels, after a check of its hash.
 * @param workspace whose ledger is told where the labels are not those that were sealed.
 * @throws Refusal VAULT_MISSING where it is not here or differs; says how to make it again.
 */
export async function requireLabels(record: DatasetRecord, workspace?: Workspace): Promise<string> {
  const file = labelsFile(record.hash)
  if (!existsSync(file))
    throw vaultMissing(record, `The sealed test labels of ${record.dataset} are not on this machine.`)
  const expected = record.splits.test.labels_sha256
  if (expected === undefined) return file
  const found = await fileSha256(file)
  if (found === expected) return file
  if (workspace) {
    const { recordTamper } = await import('./tamper.ts')
    const { dataset, hash: dataset_hash } = record
    await recordTamper(workspace, {
      what: 'sealed_labels',
      dataset,
      dataset_hash,
      split: 'test',
      expected,
      found,
    })
  }
  throw vaultMissing(
    record,
    `The sealed test labels of ${record.dataset} differ from those that were sealed.`,
  )
}

export async function fileSha256(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}

function vaultMissing(record: DatasetRecord, what: string): Refusal {
  return new Refusal('VAULT_MISSING', `${what} ${sourceInWords(record)}`, {
    missing: ['sealed labels'],
    next: [registerAgain(record)],
  })
}
